"""What backends hand back while a run goes on: log chunks, file entries, runs found at the target.

Plain dataclasses, not pydantic models: they are made thousands of times and never read from a file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainferry.specs.run import RunStatus


@dataclass(frozen=True, slots=True)
class LogChunk:
    """A piece of a run's log. Reading on from `cursor` repeats nothing and loses nothing."""

    text: str
    cursor: str
    """Opaque to all but the backend; a client may store it and go on another day, on another machine."""
    finished: bool
    """True when the run has ended and all of its log has been read."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file that a run wrote: `path` is relative, with forward slashes, and starts with `outputs/` or `logs/`."""

    path: str
    size: int
    """Bytes."""
    local: Path | None = None
    """Where the file lies if it is on this machine already."""


@dataclass(frozen=True, slots=True)
class FoundRun:
    """A run that a backend knows of, found by the run id of ours that it carries."""

    run_id: str
    ref: str
    status: RunStatus
    experiment: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    script: str = ""
    """The script that it runs, where the target tells."""
    metrics: str | None = None
    """The file of metrics that the script writes, where the target tells."""
    created: float | None = None
    """When it was submitted (seconds since the epoch, UTC), where the target tells."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a rehearsal showed, besides its log and its files."""

    events: Sequence[Mapping[str, Any]] = ()
    """What the witness in the script's processes wrote down, in order; see `trainferry.rehearsing.witness`."""
    strays: Sequence[FileEntry] = ()
    """Files that it wrote elsewhere: below `work/` (its working folder), `home/` or `tmp/`."""
    inputs: str = ""
    """Folder that the script found its datasets in, so that paths in its log can be told."""
    work: str = ""
    """Folder that the script started in."""
