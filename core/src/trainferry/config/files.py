"""Reading settings from TOML text, shared by the user file and the project file."""

from pathlib import Path
from typing import Any

from trainferry.config.keys import check_keys
from trainferry.errors import ConfigError, Location


def read_toml(file: Path, table: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """The settings in a TOML file, or in one table of it; None if the file or the table isn't there.

    Raises ConfigError naming file and line for text that isn't TOML and for keys that nobody reads.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"can't read it: {error}", where=Location(str(file)), remedy="it must be a UTF-8 text file"
        ) from error
    if table and f"[{'.'.join(table)}" not in text:
        return None
    import tomllib  # noqa: PLC0415  (most commands find no file)

    try:
        data: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not valid TOML: {error}", where=Location(str(file)), remedy="mend that line") from error
    for part in table:
        data = data.get(part, {}) if isinstance(data, dict) else {}
    check_keys(data, str(file), text)
    for key in ("home", "cache"):
        if key in data:
            data[key] = str(file.parent / Path(data[key]).expanduser())
    return dict(data)
