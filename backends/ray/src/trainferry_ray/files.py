"""The files that a run wrote, and bringing them to this machine."""

import base64
import errno
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trainferry.backend import refuse_escape
from trainferry.errors import BackendError
from trainferry.progress import Progress, Report
from trainferry.results import FileEntry
from trainferry_ray.depot import Depot
from trainferry_ray.node import results
from trainferry_ray.node.folders import RunFolder
from trainferry_ray.target import Ref, Target

PIECE = 16 << 20
"""Bytes that one errand brings at most."""


def list_files(target: Target, ref: Ref) -> list[FileEntry]:
    """Every file below outputs/ and logs/, and the log, by path; with its place where this machine sees it."""
    if target.visible is not None:
        found = results.listing(RunFolder.of(target.visible, ref.run_id))
        return [FileEntry(path, size, Path(place)) for path, size, place in found]
    answer = Depot(target).ask("list_files", near=ref.run_id, run_id=ref.run_id)
    return [FileEntry(path, size) for path, size in answer]


def fetch(target: Target, ref: Ref, files: Sequence[str], destination: Path, report: Report) -> list[Path]:
    """Bring files below `destination`. What is there already, complete, is not brought again.

    Each file is written beside its place, verified and renamed. BackendError for a name that the run has no file of.
    """
    homes = [_home(destination, name) for name in files]
    with _explained(destination):
        if target.visible is not None:
            known = {entry.path: entry.local for entry in list_files(target, ref)}
            for number, (name, home) in enumerate(zip(files, homes, strict=True)):
                source = known.get(name)
                if source is None:
                    raise _no_file(ref, name)
                _copy(source, home)
                report(Progress(f"fetching {name}", number + 1, len(files), "file"))
        else:
            _Remote(target, ref, report).bring(dict(zip(files, homes, strict=True)))
    return homes


def _home(destination: Path, name: str) -> Path:
    refuse_escape(name)
    home = destination / name
    if not home.parent.resolve().is_relative_to(destination.resolve()):
        raise BackendError(f"refused to write {home}: a link there leads out of {destination}")
    return home


def _no_file(ref: Ref, name: str) -> BackendError:
    return BackendError(
        f"the run {ref.run_id} has no file {name}", remedy=f"list what it wrote: ferry show {ref.run_id}"
    )


@contextmanager
def _explained(destination: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BackendError(f"no room left on the disk of {destination}", remedy="free some space") from error
        raise BackendError(f"can't write below {destination}: {error}", remedy="check the folder") from error


def _copy(source: Path, home: Path) -> None:
    status = source.stat()
    if home.exists() and not home.is_symlink():
        there = home.stat()
        if (there.st_size, there.st_mtime_ns) == (status.st_size, status.st_mtime_ns):
            return
    home.parent.mkdir(parents=True, exist_ok=True)
    part = home.with_name(f".{home.name}.{os.getpid()}.part")
    try:
        shutil.copyfile(source, part)
        if part.stat().st_size < status.st_size:
            raise BackendError(
                f"{source.name} became shorter while it was fetched", remedy="fetch again when the run has ended"
            )
        os.utime(part, ns=(status.st_atime_ns, status.st_mtime_ns))
        part.replace(home)
    finally:
        part.unlink(missing_ok=True)


class _Remote:
    """Files on a node whose disk this machine doesn't see: many small ones at once, large ones in pieces."""

    def __init__(self, target: Target, ref: Ref, report: Report) -> None:
        self._depot = Depot(target)
        self._ref = ref
        self._report = report
        self._done = 0

    def bring(self, homes: dict[str, Path]) -> None:
        """Fetch each file to its home; BackendError naming one that the run doesn't have, before any is written."""
        sizes = dict(self._ask("list_files"))
        for name in homes:
            if name not in sizes:
                raise _no_file(self._ref, name)
        self._total = len(homes)
        waiting = self._without_complete(dict(homes), sizes)
        while waiting:
            pieces = self._next_pieces(waiting, sizes)
            for (name, offset, _), answer in zip(pieces, self._ask("read_files", pieces=pieces), strict=True):
                if self._take(name, waiting[name], offset, answer):
                    del waiting[name]
                    self._done += 1
                    self._report(Progress(f"fetching {name}", self._done, self._total, "file"))

    def _ask(self, errand: str, **arguments: Any) -> Any:
        return self._depot.ask(errand, near=self._ref.run_id, run_id=self._ref.run_id, **arguments)

    def _without_complete(self, homes: dict[str, Path], sizes: dict[str, int]) -> dict[str, Path]:
        """Those that are not there yet, or not with the same content."""
        there = [
            name
            for name, home in homes.items()
            if home.is_file() and not home.is_symlink() and home.stat().st_size == sizes[name]
        ]
        if there:
            answers = self._ask("read_files", pieces=[[name, sizes[name], 0] for name in there])
            for name, answer in zip(there, answers, strict=True):
                if answer.get("sha256") == _sha256(homes[name]):
                    del homes[name]
                    self._done += 1
        return homes

    def _next_pieces(self, waiting: dict[str, Path], sizes: dict[str, int]) -> list[tuple[str, int, int]]:
        """As much as fits into one errand, each from where an earlier fetch stopped."""
        room, pieces = PIECE, []
        for name, home in waiting.items():
            if room <= 0:
                break
            part = _part(home)
            offset = part.stat().st_size if part.exists() else 0
            if offset > sizes[name]:
                part.unlink()
                offset = 0
            size = min(room, max(sizes[name] - offset, 1))
            pieces.append((name, offset, size))
            room -= size
        return pieces

    def _take(self, name: str, home: Path, offset: int, answer: dict[str, Any]) -> bool:
        """Write a piece; True if with it the file is complete."""
        if answer.get("missing"):
            raise _no_file(self._ref, name)
        part = _part(home)
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab") as stream:
            stream.write(base64.b64decode(answer["data"]))
        if "sha256" not in answer:
            return False
        if _sha256(part) != answer["sha256"]:
            part.unlink()
            if offset:
                return False  # what an earlier fetch left was of another state of the file: start over
            raise BackendError(f"{name} arrived damaged", remedy="fetch again; if the run still writes it, later")
        part.replace(home)
        return True


def _part(home: Path) -> Path:
    return home.with_name(f".{home.name}.part")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
