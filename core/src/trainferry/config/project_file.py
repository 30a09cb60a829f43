"""The project's settings: the nearest `trainferry.toml`, or `[tool.trainferry]` in `pyproject.toml`, upwards."""

from pathlib import Path
from typing import Any

from trainferry.config.files import read_toml
from trainferry.errors import ConfigError, Location

NAME = "trainferry.toml"


def read(folder: Path) -> tuple[str, dict[str, Any]] | None:
    """Path and settings of the project file nearest to `folder`; None if no folder upwards has one."""
    for place in (folder, *folder.parents):
        own = read_toml(place / NAME)
        shared = read_toml(place / "pyproject.toml", ("tool", "trainferry"))
        if own is not None and shared is not None:
            raise ConfigError(
                f"both {NAME} and [tool.trainferry] in pyproject.toml hold settings",
                where=Location(str(place / NAME)),
                remedy="keep one of them",
            )
        if own is not None:
            return str(place / NAME), own
        if shared is not None:
            return str(place / "pyproject.toml"), shared
    return None


def root(folder: Path, file: str | None) -> Path | None:
    """Root of the project around `folder`: that of its project file, else the nearest with `.git`, else None."""
    if file is not None:
        return Path(file).parent
    home = Path.home()
    for place in (folder, *folder.parents):
        if place in (home, Path(place.anchor)):
            return None
        if (place / ".git").exists():
            return place
    return None
