"""How values look in the output: sizes, times, tables."""

from __future__ import annotations

import time

TYPE_CHECKING = False  # as in trainferry/__init__.py
if TYPE_CHECKING:
    from collections.abc import Sequence

_KIB = 1024
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def size(count: int | None) -> str:
    """Bytes with a unit that keeps the number short."""
    if count is None:
        return "?"
    value, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < _KIB or unit == "TiB":
            break
        value /= _KIB
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def duration(seconds: float | None) -> str:
    """A length of time, such as `4.2 s`, `3 min 05 s` or `2 h 10 min`."""
    if seconds is None:
        return "-"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    if seconds < _HOUR:
        return f"{int(seconds // 60)} min {int(seconds % 60):02} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02} min"


def ago(moment: float | None) -> str:
    """How long ago a moment was (seconds since the epoch)."""
    if moment is None:
        return "-"
    passed = max(0.0, time.time() - moment)
    for length, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if passed >= length:
            return f"{int(passed // length)} {unit} ago"
    return f"{int(passed)} s ago"


def number(value: float | None) -> str:
    """A metric's value, four significant digits."""
    return "-" if value is None else f"{value:.4g}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns aligned by spaces, with a head; numbers are not treated apart."""
    widths = [max(len(str(cell)) for cell in cells) for cells in zip(head, *rows, strict=True)]
    lines = [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)
    ]
    return "\n".join(lines)
