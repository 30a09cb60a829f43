"""The files of a run: what it wrote, and copies of them elsewhere."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from trainferry_mill.runs import Runs, folder_of

from trainferry.backend import refuse_escape
from trainferry.errors import BackendError
from trainferry.hookspecs import hookimpl
from trainferry.progress import Progress, Report
from trainferry.results import FileEntry


class Fetching:
    """The hooks `list_files` and `fetch`."""

    @hookimpl
    def list_files(self: Runs, ref: str) -> Sequence[FileEntry]:
        """List the files below outputs/ and logs/."""
        return list(entries(folder_of(self, ref) / "work"))

    @hookimpl
    def fetch(self: Runs, ref: str, files: Sequence[str], destination: Path, report: Report) -> Sequence[Path]:
        """Copy each file under a name of its own and rename it: a final name never holds half a file."""
        work = folder_of(self, ref) / "work"
        known = {entry.path for entry in entries(work)}
        homes = []
        for number, name in enumerate(files):
            refuse_escape(name)
            if name not in known:
                raise BackendError(f"the run {ref} has no file {name}", remedy=f"list them: ferry show {ref}")
            homes.append(copy(work / name, destination, name))
            report(Progress(f"fetching {name}", number + 1, len(files), "file"))
        return homes


def entries(work: Path) -> Iterator[FileEntry]:
    """The regular files that a run wrote; a link may lead to any file of this machine, so links are none of them."""
    for top in ("outputs", "logs"):
        for folder, _, names in os.walk(work / top):
            for path in (Path(folder, name) for name in names):
                if path.is_file() and not path.is_symlink():
                    yield FileEntry(path.relative_to(work).as_posix(), path.stat().st_size, path)


def copy(source: Path, destination: Path, name: str) -> Path:
    """Copy one file below the destination, and nowhere else."""
    home = destination / name
    if not home.parent.resolve().is_relative_to(destination.resolve()):
        raise BackendError(f"a link leads out of {destination}", remedy="remove it, or fetch to another folder")
    home.parent.mkdir(parents=True, exist_ok=True)
    half = home.with_name(f".{home.name}.{os.getpid()}.part")
    try:
        shutil.copyfile(source, half)
        half.replace(home)
    finally:
        half.unlink(missing_ok=True)
    return home
