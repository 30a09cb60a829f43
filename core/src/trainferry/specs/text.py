"""Values that specs accept in more than one spelling: durations, whole numbers, text that stays as it was written."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION_SHAPE = r"^(?=.*[1-9]) *([0-9 ]+[dD])? *([0-9 ]+[hH])? *([0-9 ]+[mM])? *([0-9 ]+[sS]?)? *$"
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")


FROM_FILE = {"source": "file"}
"""Validation context of data from a job file, where digits in quotes are text; flags and variables are all text."""


def parse_duration(value: Any) -> Any:
    """Seconds from `2h`, `90m`, `1h30m`, `45s`, `45` or a whole number; anything else raises ValueError saying so."""
    if isinstance(value, bool):
        raise ValueError(f"{str(value).lower()} is not a duration; write it like 2h, 90m, 1h30m or 45s")
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value.strip().replace(" ", "").lower())
    if not match or not any(match.groups()):
        raise ValueError(f"'{value}' is not a duration; write it like 2h, 90m, 1h30m or 45s")
    return sum(int(part) * unit for part, unit in zip(match.groups(), _UNITS.values(), strict=True) if part)


def whole(value: Any, info: ValidationInfo) -> Any:
    """A whole number as it is; digits in quotes pass unless they come from a job file; a truth value is no number."""
    from pydantic_core import PydanticCustomError  # noqa: PLC0415  (only to refuse)

    if isinstance(value, bool) or (isinstance(value, str) and info.context == FROM_FILE):
        raise PydanticCustomError("int_type", "Input should be a whole number")
    return value


def as_text(value: Any) -> Any:
    """A number as the text it would be typed as; truth values and None are refused, for their text is unclear.

    So is a text with a NUL byte, which no process on any target can be given.
    """
    if isinstance(value, bool) or value is None:
        raise ValueError(f"{value!r} has no agreed text form; write it in quotes, as the script expects it")
    if isinstance(value, str) and "\0" in value:
        raise ValueError("a text with a NUL byte can't be given to any script; take it out")
    return str(value) if isinstance(value, (int, float)) else value


Duration = Annotated[
    int,
    BeforeValidator(parse_duration),
    Field(gt=0),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "exclusiveMinimum": 0}, {"type": "string", "pattern": _DURATION_SHAPE}]}
    ),
]
"""A length of time in whole seconds, written as a number or like `2h` or `1h30m`."""

Whole = Annotated[int, BeforeValidator(whole)]
"""A whole number; unlike pydantic's own int it takes no truth value, and from a job file no text."""

Text = Annotated[
    str,
    BeforeValidator(as_text),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]}),
]
"""Text; a job file may hold a bare number, which is kept exactly as it was written."""
