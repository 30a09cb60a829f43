"""Texts that specs accept in more than one spelling: durations, and scalars that must stay as they were written."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")


def parse_duration(value: Any) -> Any:
    """Seconds from `2h`, `90m`, `1h30m`, `45s`, `45` or a whole number; anything else raises ValueError saying so."""
    if isinstance(value, bool) or not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value.strip().replace(" ", "").lower())
    if not match or not any(match.groups()):
        raise ValueError(f"'{value}' is not a duration; write it like 2h, 90m, 1h30m or 45s")
    return sum(int(part) * unit for part, unit in zip(match.groups(), _UNITS.values(), strict=True) if part)


def as_text(value: Any) -> Any:
    """A number as the text it would be typed as; truth values and None are refused, for their text is unclear."""
    if isinstance(value, bool) or value is None:
        raise ValueError(f"{value!r} has no agreed text form; write it in quotes, as the script expects it")
    return str(value) if isinstance(value, (int, float)) else value


Duration = Annotated[
    int,
    BeforeValidator(parse_duration),
    Field(gt=0),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "exclusiveMinimum": 0}, {"type": "string", "pattern": r"^[0-9dhms ]+$"}]}
    ),
]
"""A length of time in whole seconds, written as a number or like `2h` or `1h30m`."""

Text = Annotated[
    str,
    BeforeValidator(as_text),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]}),
]
"""Text; a job file may hold a bare number, which is kept exactly as it was written."""
