"""Progress of long work, as plain events: whoever shows them decides how."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One step forward. `done` and `total` count `unit`s; a total of None means that nobody knows yet."""

    message: str
    done: int = 0
    total: int | None = None
    unit: str = ""


Report = Callable[[Progress], None]
"""Receives progress events, from any thread; must return quickly and never raise."""


def silent(_event: Progress) -> None:
    """A report that shows nothing."""
