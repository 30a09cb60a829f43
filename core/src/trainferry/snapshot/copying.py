"""Copying a snapshot to where it runs."""

import errno
import os
import shutil
from pathlib import Path

from trainferry.errors import BackendError
from trainferry.progress import Progress, Report, silent
from trainferry.snapshot.model import Snapshot, SnapshotFile


def copy_snapshot(snapshot: Snapshot, destination: Path, report: Report = silent) -> None:
    """Copy every file below `destination`, which is made if need be. Of the mode only the executable bit is kept.

    Raises BackendError naming the file that can't be read, has changed its size since it was listed, or has no room.
    What was copied until then stays: the caller copies to a name of its own and renames.
    """
    made: set[str] = set()
    total = len(snapshot.files)
    for number, file in enumerate(snapshot.files):
        target = os.path.join(destination, file.path)
        folder = os.path.dirname(target)
        try:
            if folder not in made:
                os.makedirs(folder, exist_ok=True)
                made.add(folder)
            size = _copy_one(os.path.join(snapshot.root, file.path), target, file)
        except OSError as error:
            raise _refusal(error, file, destination) from error
        if size != file.size:
            raise BackendError(
                f"{file.path} changed while it was copied ({file.size} bytes were listed, {size} are there)",
                remedy="submit again when nothing writes to the source folder, or list the file in .ferryignore",
            )
        report(Progress("copying the source folder", number + 1, total, "file"))
    os.makedirs(destination, exist_ok=True)


def _copy_one(source: str, target: str, file: SnapshotFile) -> int:
    shutil.copyfile(source, target)
    mode = os.stat(target).st_mode
    if file.executable:
        os.chmod(target, mode | (mode & 0o444) >> 2)  # whoever may read it, may execute it
    return os.stat(target).st_size


def _refusal(error: OSError, file: SnapshotFile, destination: Path) -> BackendError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return BackendError(
            f"no room left on the disk of {destination} (at {file.path})",
            remedy="free some space, or leave large files out with .ferryignore",
        )
    return BackendError(
        f"can't copy {file.path}: {error.strerror}", remedy="make it readable, or list it in .ferryignore"
    )
