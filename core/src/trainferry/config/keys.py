"""Which keys a source of settings may hold, and how a text becomes a value."""

from collections.abc import Mapping
from typing import Any

from trainferry.errors import ConfigError, Location

KEYS: dict[str, str] = {
    "backend": "Name of the backend that runs jobs.",
    "profile": "Name of the profile to use, one of the [profiles.<name>] tables.",
    "home": "Folder for the run store and the state of backends.",
    "cache": "Folder for what can be made again, such as environments.",
    "extensions": "Names of the extensions to load.",
    "extension_settings": "One table of settings for each extension.",
    "ignore": "Ids of findings that are not shown and stop nothing.",
    "rehearse_on": "Name of the backend that rehearses jobs on this machine.",
    "job": "Table laid over every job: any field of a job file.",
    "backends": "One table of settings for each backend.",
    "profiles": "Tables of settings to pick by name.",
}
"""Every key at the top of a settings file, with what it is for."""

TABLES = frozenset({"job", "backends", "extension_settings", "profiles"})
LISTS = {"extensions": '"cost-guard"', "ignore": '"no-timeout"'}
"""Keys that hold a list of names, with an example of one."""


def check_keys(data: Mapping[str, Any], source: str, text: str = "", *, profile: str = "") -> None:
    """Raise ConfigError if `data` holds a key that nobody reads, or a value of the wrong kind."""
    prefix = f"profiles.{profile}." if profile else ""
    for key, value in data.items():
        where = Location(source, line_of(text, key)) if text else Location(source)
        if key not in KEYS or (profile and key in ("profiles", "profile")):
            raise ConfigError(f"unknown setting '{prefix}{key}'", remedy=_remedy(key), where=where)
        _check_kind(f"{prefix}{key}", key, value, where)
    for name, table in data.get("profiles", {}).items():
        if not isinstance(table, Mapping):
            raise ConfigError(
                f"profiles.{name} must be a table", where=Location(source), remedy=f"write [profiles.{name}]"
            )
        check_keys(table, source, text, profile=name)


def _check_kind(label: str, key: str, value: Any, where: Location) -> None:
    if key in TABLES:
        fits, kind = isinstance(value, Mapping), f"a table, like [{label}]"
    elif key in LISTS:
        fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
        kind = f"a list of names, like [{LISTS[key]}]"
    else:
        fits, kind = isinstance(value, str) and bool(value), 'text, like "local"'
    if not fits:
        raise ConfigError(f"'{label}' must be {kind}", remedy=f"found: {value!r}", where=where)
    if key in ("backends", "extension_settings"):
        for name, table in value.items():
            if not isinstance(table, Mapping):
                raise ConfigError(f"'{label}.{name}' must be a table", remedy=f"write [{label}.{name}]", where=where)


def _remedy(key: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  (only when something went wrong)

    from trainferry.specs.job import Job  # noqa: PLC0415

    if key in Job.model_fields:
        return f"a field of a job belongs below [job]: job.{key}"
    close = get_close_matches(key, KEYS, n=1)
    return (f"did you mean '{close[0]}'? " if close else "") + f"settings: {', '.join(KEYS)}"


def line_of(text: str, key: str) -> int | None:
    """Line (from 1) on which a TOML text first names the key, for messages; None if it doesn't."""
    for number, line in enumerate(text.splitlines(), 1):
        head = line.strip().lstrip("[").partition("=")[0].strip().rstrip("]")
        if key in (head, head.split(".")[0].strip("\"' ")) or head.endswith(f".{key}"):
            return number
    return None


def parse_text(text: str) -> Any:
    """The value that a flag's or a variable's text stands for: a list, table, quoted text or truth value as in TOML.

    Numbers stay text, so that `3.10` keeps its last digit; the model that they end up in reads them.
    """
    stripped = text.strip()
    if stripped in ("true", "false") or stripped[:1] in ("[", "{", '"', "'"):
        import tomllib  # noqa: PLC0415  (few flags hold a list)

        try:
            return tomllib.loads(f"value = {stripped}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    return text


def nest(path: list[str], value: Any) -> dict[str, Any]:
    """`{"a": {"b": value}}` for the path `["a", "b"]`."""
    for part in reversed(path):
        value = {part: value}
    return value  # type: ignore[no-any-return]
