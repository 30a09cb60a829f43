"""The copy of the source folder that the SDK uploads: our rules decide what is in it, and the SDK finds no others."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.errors import BackendError
from trainferry.snapshot import Snapshot, copy_snapshot
from trainferry.specs.finding import Severity
from trainferry_azureml.submit.limits import limit_findings, snapshot_of

if TYPE_CHECKING:
    from trainferry.progress import Report
    from trainferry.specs.job import Job

_RULES = (".amlignore", ".gitignore")
"""Ignore files that the SDK would apply once more to what is left, and send along."""
_STALE = 86400.0
"""Seconds after which a copy that a killed client left is cleared away."""


@contextmanager
def staged(job: "Job", fingerprint: str | None, home: Path, report: "Report") -> Iterator[Path]:
    """A folder with exactly what travels, gone afterwards.

    Raises BackendError if something changed since the plan was made, or the source may not travel.
    """
    snapshot = snapshot_of(job)
    for problem in (*snapshot.problems, *limit_findings(snapshot)):
        if problem.severity is Severity.ERROR:
            raise BackendError(problem.message, remedy=problem.remedy, where=problem.where)
    shelf = home / "staging"
    _clear(shelf)
    folder = shelf / f"{os.getpid()}-{time.time_ns()}"
    try:
        copy_snapshot(snapshot, folder, report)
        if fingerprint is not None and Snapshot(folder, snapshot.files).fingerprint() != fingerprint:
            raise BackendError(
                f"the source folder {job.source_folder} has changed since the plan was made; nothing was submitted",
                remedy="run it again: what was checked and what runs must be the same",
            )
        for name in _RULES:
            (folder / name).unlink(missing_ok=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _clear(shelf: Path) -> None:
    """Remove what killed clients left: copies of processes that are gone, and any that are a day old."""
    for left in shelf.glob("*-*"):
        alive = Path(f"/proc/{left.name.partition('-')[0]}").exists()
        if not alive or time.time() - left.stat().st_mtime > _STALE:
            shutil.rmtree(left, ignore_errors=True)
