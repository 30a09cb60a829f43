"""What a bare scalar of a job file stands for.

Only what every version of YAML reads alike is read as anything but text: `12`, `1.5`, `true`, `null`. The rest, on
which the versions differ (`yes`, `0x10`, `010`, `1e3`, `1_000`, `1:30`, dates), stays the text that was written; where
a number is wanted, that gives an error that says what to write.
"""

import re

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+([eE][-+][0-9]+)?")
_MEANT = re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?")

Path = tuple[str | int, ...]


def is_null(text: str) -> bool:
    """Whether a bare scalar means 'nothing'."""
    return text in _NULLS


def resolve(text: str) -> str | int | float | bool | None:
    """The value of a bare scalar."""
    if text in _NULLS:
        return None
    if text in _TRUTHS:
        return _TRUTHS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def meant_number(text: str) -> str | None:
    """The whole number in plain digits that a text such as `1e3` or `1_000` was meant for; None if it is none."""
    if not _MEANT.fullmatch(text):
        return None
    try:
        value = float(text.replace("_", ""))
    except ValueError:
        return None
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else None  # noqa: PLR2004  (exact in a float)


def keeps_text(path: Path) -> bool:
    """Whether the job file's characters at this path are kept as they are, quoted or not."""
    if path[:1] == ("backends",):
        path = path[2:]
    match path:
        case ("arguments", int()) | ("tags", str()) | ("environment", "variables", str()):
            return True
        case ("environment", "python") | ("datasets", str(), "version"):
            return True
    return False


def needs_text(path: Path) -> bool:
    """Whether a bare null at this path is a mistake, since no script could be given it."""
    return keeps_text(path) and path[-1] not in ("python", "version")
