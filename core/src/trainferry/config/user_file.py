"""The user's settings: `trainferry/config.toml` where the platform keeps settings; TRAINFERRY_CONFIG names another."""

import os
from pathlib import Path
from typing import Any

from trainferry.config.files import read_toml


def path() -> Path:
    """Where the user file is, whether or not it is there."""
    if named := os.environ.get("TRAINFERRY_CONFIG"):
        return Path(named).expanduser()
    from platformdirs import user_config_path  # noqa: PLC0415  (not needed for --help)

    return user_config_path("trainferry", appauthor=False) / "config.toml"


def read() -> tuple[str, dict[str, Any]] | None:
    """Its path and its settings; None if there is no such file."""
    file = path()
    data = read_toml(file)
    return None if data is None else (str(file), data)
