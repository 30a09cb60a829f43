"""Checks of the source folder: is the script there and will it travel, and is the folder fit to travel."""

import os
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from trainferry.checks.rules import found, place_in_job
from trainferry.snapshot import Snapshot
from trainferry.specs.finding import Finding
from trainferry.specs.job import Job

LARGE = 300_000_000
"""Bytes above which a source folder is called large: what Azure ML takes at most."""

OTHER_KINDS = (".sh", ".bash", ".bat", ".cmd", ".exe", ".ipynb", ".r", ".jl")
"""Endings of what is surely no Python file."""


def check(job: Job, snapshot: Snapshot) -> Iterator[Finding]:
    """What the snapshot found, a script that is not there or doesn't travel, and a folder that is too large."""
    for problem in snapshot.problems:
        yield problem if problem.id != "source-missing" else _at_source(job, problem)
    if snapshot.root.is_dir():
        yield from _script(job, snapshot)
        yield from _size(job, snapshot)


def _at_source(job: Job, problem: Finding) -> Finding:
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


def _size(job: Job, snapshot: Snapshot) -> Iterator[Finding]:
    if snapshot.bytes <= LARGE:
        return
    sizes: Counter[str] = Counter()
    for file in snapshot.files:
        top, slash, _ = file.path.partition("/")
        sizes[top + slash] += file.size
    largest = ", ".join(f"{name} {size / 1e6:,.0f} MB" for name, size in sizes.most_common(3))
    yield found(
        job,
        "source-large",
        f"{snapshot.bytes / 1e6:,.0f} MB would travel with every run; largest: {largest}",
        f"list what the script doesn't need in {snapshot.ignore_file or '.ferryignore'}; make data a dataset",
        at=("source",),
    )
