"""Checks of the source folder: is the script there and will it travel, and is the folder fit to travel."""

import os
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from trainferry.checks import contents
from trainferry.checks.rules import found, place_in_job
from trainferry.snapshot import Snapshot
from trainferry.specs.finding import Finding
from trainferry.specs.job import Job

if TYPE_CHECKING:
    from trainferry.specs.rehearsal import RehearsalRules

LARGE = 300_000_000
"""Bytes above which a source folder is called large: what Azure ML takes at most."""

_OF_SOURCE = frozenset({"source-missing", "source-too-many"})
"""Problems of a snapshot that `source` in the job file is to blame for."""

OTHER_KINDS = (".sh", ".bash", ".bat", ".cmd", ".exe", ".ipynb", ".r", ".jl")
"""Endings of what is surely no Python file."""


def check(job: Job, snapshot: Snapshot, target: "RehearsalRules | None" = None) -> Iterator[Finding]:
    """What the snapshot found, a script that isn't there or doesn't travel, a folder that is too large, secrets."""
    for problem in snapshot.problems:
        yield _at_source(job, problem) if problem.id in _OF_SOURCE else problem
    if snapshot.root.is_dir() and snapshot.complete:
        yield from _script(job, snapshot)
        yield from _size(job, snapshot, target)
        yield from contents.check(job, snapshot)


def _at_source(job: Job, problem: Finding) -> Finding:
    if "\\" in job.source:
        right = str(job.source).replace("\\", "/")
        message = f"{problem.message}: it has a backslash, which is no separator on Linux"
        problem = problem.model_copy(update={"message": message, "remedy": f"write source: {right}"})
    where = place_in_job(job, ("source",))
    if where is None:
        return problem
    return problem.model_copy(update={"file": where.file, "line": where.line, "column": where.column})


def _script(job: Job, snapshot: Snapshot) -> Iterator[Finding]:
    name, at = job.script, ("script",)
    path = os.path.normpath(name)
    whole = snapshot.root / path
    names = [file.path for file in snapshot.files]
    if "\\" in name and not whole.exists():
        right = name.replace("\\", "/")
        yield found(job, "script-backslash", f"'{name}' has a backslash", f"write script: {right}", at=at)
    elif Path(name).is_absolute() or path.split("/")[0] == "..":
        message = f"'{name}' leads out of the source folder {snapshot.root}"
        yield found(job, "script-outside", message, "write it relative to source", at=at)
    elif whole.is_dir():
        inside = [file for file in names if file.startswith(f"{path}/") and file.endswith(".py")]
        remedy = f"did you mean {inside[0]}?" if inside else ""
        yield found(job, "script-missing", f"'{name}' is a folder, not a Python file", remedy, at=at)
    elif not whole.exists():
        yield found(job, "script-missing", f"'{name}' is not in the source folder", _guess(path, names), at=at)
    elif path not in names:
        yield found(job, "script-excluded", f"'{name}' is there, but doesn't travel", _who(snapshot), at=at)
    elif path.lower().endswith(OTHER_KINDS):
        yield found(job, "script-not-python", f"'{name}' is no Python file, but Python would run it", at=at)


def _guess(path: str, names: list[str]) -> str:
    """What an absent script was probably meant to be: the same in other letters, elsewhere, or nearly the same."""
    for name in names:
        if name.lower() == path.lower():
            return f"did you mean {name}? Upper and lower case count"
    base = PurePosixPath(path).name
    moved = [name for name in names if PurePosixPath(name).name == base]
    scripts = [name for name in names if name.endswith(".py")]
    close = moved or get_close_matches(path, scripts, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return (
        f"Python files there: {', '.join(scripts[:5])}" if scripts else "there is no Python file in the source folder"
    )


def _who(snapshot: Snapshot) -> str:
    if snapshot.ignore_file:
        return f"see {snapshot.ignore_file}, and what never travels: outputs/, logs/, environments, caches, secrets"
    return "outputs/, logs/, environments, caches and secrets never travel; move it"


def _size(job: Job, snapshot: Snapshot, target: "RehearsalRules | None") -> Iterator[Finding]:
    ignore = snapshot.ignore_file or ".ferryignore"
    remedy = f"list what the script doesn't need in {ignore}; make data a dataset"
    most_bytes = target.snapshot_bytes if target else None
    most_files = target.snapshot_files if target else None
    if most_bytes is not None and snapshot.bytes > most_bytes:
        message = f"{_megabytes(snapshot.bytes)} would travel, and the target takes at most {_megabytes(most_bytes)}"
        yield found(job, "source-too-large", f"{message}; largest: {_largest(snapshot)}", remedy, at=("source",))
    elif snapshot.bytes > LARGE:
        message = f"{_megabytes(snapshot.bytes)} would travel with every run; largest: {_largest(snapshot)}"
        yield found(job, "source-large", message, remedy, at=("source",))
    if most_files is not None and len(snapshot.files) > most_files:
        counts = Counter(top_of(file.path) for file in snapshot.files)
        most = ", ".join(f"{name} {count:,} files" for name, count in counts.most_common(3))
        message = f"{len(snapshot.files):,} files would travel, and the target takes at most {most_files}; most: {most}"
        yield found(job, "source-too-many", message, remedy, at=("source",))


def top_of(path: str) -> str:
    """What a path begins with: the folder at the top with a slash, or the file itself."""
    top, slash, _ = path.partition("/")
    return top + slash


def _largest(snapshot: Snapshot) -> str:
    sizes: Counter[str] = Counter()
    for file in snapshot.files:
        sizes[top_of(file.path)] += file.size
    return ", ".join(f"{name} {size / 1e6:,.0f} MB" for name, size in sizes.most_common(3))


def _megabytes(size: int) -> str:
    """Bytes in MB; a limit that is a whole number of binary megabytes is said as its owners say it."""
    return f"{size >> 20:,} MB" if size and size % (1 << 20) == 0 else f"{size / 1e6:,.0f} MB"
