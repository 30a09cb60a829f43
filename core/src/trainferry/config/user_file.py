"""The user's settings: `trainferry/config.toml` where the platform keeps settings; TRAINFERRY_CONFIG names another.

That variable may name the null device, for no file at all.
"""

import os
from pathlib import Path
from typing import Any

from trainferry.config.files import read_toml
from trainferry.errors import ConfigError, Location

VARIABLE = "TRAINFERRY_CONFIG"


def path() -> Path:
    """Where the user file is, whether or not it is there."""
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser()
    from platformdirs import user_config_path  # noqa: PLC0415  (not needed for --help)

    return user_config_path("trainferry", appauthor=False) / "config.toml"


def read() -> tuple[str, dict[str, Any]] | None:
    """Its path and its settings; None if there is no such file, or the variable names the null device.

    Raises ConfigError if the variable names a file that isn't there: whoever names one means it to be read.
    """
    file = path()
    if str(file) == os.devnull:
        return None
    data = read_toml(file)
    if data is None and os.environ.get(VARIABLE):
        raise ConfigError(
            f"there is no file {file.absolute()}",
            where=Location(VARIABLE),
            remedy=f"correct the path, or: unset {VARIABLE}; {os.devnull} stands for no file of your own",
        )
    return None if data is None else (str(file), data)
