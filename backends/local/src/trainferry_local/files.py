"""The files that a run wrote, and bringing them somewhere else."""

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from trainferry.backend import refuse_escape
from trainferry.errors import BackendError
from trainferry.progress import Progress, Report
from trainferry.results import FileEntry
from trainferry_local.supervision.layout import Run

LOG_NAME = "logs/std_log.txt"
"""Under which the run's own log is listed; a file of that name that the script wrote goes before it."""


def list_files(run: Run) -> list[FileEntry]:
    """Every regular file below outputs/ and logs/, and the log, by path. Links out of the run are left out."""
    entries = {entry.path: entry for top in ("outputs", "logs") for entry in _below(Path(run.work), top)}
    log = Path(run.log)
    if log.exists():
        name = LOG_NAME if LOG_NAME not in entries else f"logs/{run.id}.txt"
        entries[name] = FileEntry(name, log.stat().st_size, log)
    return [entries[name] for name in sorted(entries)]


def _below(work: Path, top: str) -> Iterator[FileEntry]:
    if (work / top).is_symlink():
        return
    real = os.path.realpath(work) + os.sep
    for folder, _, names in os.walk(work / top):
        for name in names:
            path = Path(folder) / name
            try:
                inside = os.path.realpath(path).startswith(real) and path.is_file()
                size = path.stat().st_size if inside else 0
            except OSError:  # it was deleted meanwhile
                continue
            if inside:
                yield FileEntry(path.relative_to(work).as_posix(), size, path)


def fetch(run: Run, files: Sequence[str], destination: Path, report: Report) -> list[Path]:
    """Copy files of the run below `destination`. What is there with the same size and time is not copied again.

    Each file is written beside its place and renamed. BackendError for a name that the run has no file of.
    """
    known = {entry.path: entry for entry in list_files(run)}
    homes = []
    for number, name in enumerate(files):
        refuse_escape(name)
        entry = known.get(name)
        if entry is None or entry.local is None:
            raise BackendError(
                f"the run {run.id} has no file {name}", remedy="list what it wrote: ferry show " + run.id
            )
        homes.append(_fetch_one(entry.local, destination, name))
        report(Progress(f"fetching {name}", number + 1, len(files), "file"))
    return homes


def _fetch_one(source: Path, destination: Path, name: str) -> Path:
    home = destination / name
    root = destination.resolve()
    if not home.parent.resolve().is_relative_to(root):
        raise BackendError(f"refused to write {home}: a link there leads out of {destination}")
    part = home.with_name(f".{home.name}.{os.getpid()}.part")
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        status = source.stat()
        if _same(home, status):
            return home
        try:
            shutil.copyfile(source, part)
            if part.stat().st_size < status.st_size:
                raise BackendError(
                    f"{name} became shorter while it was fetched", remedy="fetch again when the run has ended"
                )
            os.utime(part, ns=(status.st_atime_ns, status.st_mtime_ns))
            part.replace(home)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BackendError(
                f"no room left on the disk of {destination} (at {name})", remedy="free some space"
            ) from error
        raise BackendError(f"can't fetch {name}: {error.strerror}", remedy=f"check {destination}") from error
    return home


def _same(home: Path, status: os.stat_result) -> bool:
    """Whether a complete copy is there already; a link in its place is replaced, not followed."""
    try:
        there = home.lstat()
    except FileNotFoundError:
        return False
    return not home.is_symlink() and (there.st_size, there.st_mtime_ns) == (status.st_size, status.st_mtime_ns)
