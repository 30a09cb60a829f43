"""Checks of the datasets that are files or folders on this machine. Names only are read, and no more than needed."""

import os
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from trainferry.checks.rules import found
from trainferry.specs.finding import Finding
from trainferry.specs.job import Job

_MOST_FOLDERS = 10_000
"""Folders that are looked through for a first file; a tree that has more and no file yet is taken to have one."""


def check(job: Job) -> Iterator[Finding]:
    """Datasets that are missing, empty or unreadable, or that hold the source folder."""
    for name, dataset in job.datasets.items():
        path = job.dataset_path(name)
        if path is not None:
            yield from _dataset(job, name, path, str(dataset.path))


def _dataset(job: Job, name: str, path: Path, written: str) -> Iterator[Finding]:
    at = ("datasets", name, "path")
    try:
        if not path.exists():
            message = f"the dataset '{name}' is not there: {path}"
            if "\\" in written:
                message += "; a backslash is no separator on Linux"
            yield found(job, "dataset-missing", message, _nearby(path, written), at=at)
        elif path.is_file():
            with path.open("rb") as stream:
                if not stream.read(1):
                    yield found(job, "dataset-empty", f"the dataset '{name}' is an empty file: {path}", at=at)
        else:
            if not _has_file(path):
                yield found(job, "dataset-empty", f"the dataset '{name}' holds no file: {path}", at=at)
            if job.source_folder.resolve().is_relative_to(path.resolve()):
                message = f"the dataset '{name}' holds the whole source folder: {path}"
                yield found(job, "dataset-holds-source", message, at=at)
    except OSError as error:
        place = error.filename or path
        yield found(job, "dataset-unreadable", f"can't read the dataset '{name}': {place}: {error.strerror}", at=at)


def _has_file(root: Path) -> bool:
    """Whether there is a file anywhere below; stops at the first one."""
    folders = [os.fspath(root)]
    for number, folder in enumerate(folders):
        if number >= _MOST_FOLDERS:
            return True
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)  # a queue: it is looked at in its turn
                elif entry.is_file():
                    return True
    return False


def _nearby(path: Path, written: str) -> str:
    """Where the data may be instead: a folder of nearly that name, or the job file's own folder."""
    if "\\" in written:
        return f"write path: {written.replace(chr(92), '/')}"
    parent = path.parent
    while not parent.exists() and parent != parent.parent:
        path, parent = parent, parent.parent
    names = sorted(entry.name for entry in parent.iterdir() if not entry.name.startswith("."))
    same = [name for name in names if name.lower() == path.name.lower()]
    close = same or get_close_matches(path.name, names, n=1)
    if close:
        return f"did you mean {parent / close[0]}?"
    return f"'{written}' is taken relative to the job file; {parent} holds: {', '.join(names[:5]) or 'nothing'}"
