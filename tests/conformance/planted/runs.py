"""What the other modules need of the backend that they become a part of."""

from pathlib import Path
from typing import Protocol

from trainferry.errors import RunNotFound
from trainferry.specs import RunStatus


class Runs(Protocol):
    """A backend that keeps each run in a folder of its own."""

    home: Path

    def knows(self, ref: str) -> bool:
        """Whether there is such a run."""

    def status(self, ref: str) -> RunStatus:
        """How a run stands."""


def folder_of(backend: Runs, ref: str) -> Path:
    """The folder of a run; RunNotFound if there is none."""
    if not backend.knows(ref):
        raise RunNotFound(f"there is no run {ref!r}", remedy="'ferry runs' lists them")
    return backend.home / ref
