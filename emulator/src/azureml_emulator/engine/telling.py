"""Tells the listeners of a run what is new: its states, its logs, its files. Nothing is lost, little is told twice."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from azureml_emulator.engine.contract import Events, RunState
from azureml_emulator.engine.records import Record

_LOGGER = logging.getLogger(__name__)

_CHUNK = 1 << 20
"""Bytes of a log that are told at once."""

_BRISK, _BETWEEN_TELLS = 100, 0.5
"""A log is told as it grows so many times; from then on every half second, because a listener may keep each piece apart
(an append blob holds 50,000)."""

_BETWEEN_NOTES = 1.0
"""Seconds of telling files after which is noted which were told: a note has all their names."""

_FOLDERS = ("outputs", "logs")


class Teller:
    """What one run has to tell. States and logs are told by one thread, files by another or by the same."""

    def __init__(self, record: Record, events: Events) -> None:
        self._record = record
        self._events = events
        self._told = record.told()
        self._refused: set[str] = set()
        self._kept = dict(self._told.files)
        self._lock = threading.Lock()
        """Held while `_told` is changed or kept."""
        self._tells = 0
        self._next_tell = 0.0
        self.refusals: list[str] = []
        """Names of files that are not taken: links out of the working folder, and names that are not UTF-8."""

    def tell_state(self, state: RunState) -> bool:
        """Tell a state unless it was told; False if nobody could hear it, and it has to be told again."""
        if (self._told.status, self._told.attempt) == (state.status, state.attempt):
            return True
        if not self._heard("the state", partial(self._events.run_changed, state)):
            return False
        with self._lock:
            self._told.status, self._told.attempt = state.status, state.attempt
            self._record.set_told(self._told)
        return True

    def tell_logs(self, *, all_of_it: bool = False) -> bool:
        """Tell what logs have grown by, unless it is too early for that; False if some of it wasn't heard."""
        if not all_of_it and time.monotonic() < self._next_tell:
            return True
        heard, before = True, self._tells
        for path in sorted(self._record.logs.rglob("*")):
            name = path.relative_to(self._record.logs).as_posix()
            if path.is_file() and path.stat().st_size != self._told.logs.get(name):
                heard &= self._tell_log(name, path)
        if self._tells > max(before, _BRISK):
            self._next_tell = time.monotonic() + _BETWEEN_TELLS
        return heard

    def _tell_log(self, name: str, path: Path) -> bool:
        offset = self._told.logs.get(name, -1)
        with path.open("rb") as stream:
            stream.seek(max(offset, 0))
            while (data := stream.read(_CHUNK)) or offset < 0:
                offset = max(offset, 0)
                if not self._heard(name, partial(self._events.log_grew, self._record.run_id, name, offset, data)):
                    return False
                offset += len(data)
                self._tells += 1
                with self._lock:
                    self._told.logs[name] = offset
                    self._record.set_told(self._told)
        return True

    def tell_files(self, work: Path) -> bool:
        """Tell files that are new or changed below `outputs/` and `logs/`; False if some weren't heard."""
        heard, kept = True, time.monotonic()
        for name, path, mark in self._files(work):
            if self._told.files.get(name) == mark:
                continue
            if self._heard(name, partial(self._events.file_changed, self._record.run_id, name, path), path):
                with self._lock:
                    self._told.files[name] = mark
                if time.monotonic() > kept + _BETWEEN_NOTES:
                    self._keep()
                    kept = time.monotonic()
            else:
                heard = False
        self._keep()
        return heard

    def _keep(self) -> None:
        """Note on disk which files were told, for a restart."""
        with self._lock:
            if self._kept != self._told.files:
                self._kept = dict(self._told.files)
                self._record.set_told(self._told)

    def tell_output(self, output: str, folder: Path) -> bool:
        """Tell all files of an output's folder; False if some weren't heard."""
        heard = True
        for name, path, _ in _walk(folder, folder, self._refuse):
            tell = partial(self._events.output_changed, self._record.run_id, output, name, path)
            heard &= self._heard(name, tell, path)
        return heard

    def _files(self, work: Path) -> Iterator[tuple[str, Path, tuple[int, int]]]:
        for top in _FOLDERS:
            yield from _walk(work / top, work, self._refuse)

    def _refuse(self, name: str) -> None:
        if name not in self._refused:
            self._refused.add(name)
            self.refusals.append(name)

    def _heard(self, what: str, tell: Callable[[], None], path: Path | None = None) -> bool:
        try:
            tell()
        except Exception:
            if path is not None and not path.exists():
                return True  # the script has deleted or renamed it in the meantime
            _LOGGER.exception("nobody could hear of %s of the run %s; it will be told again", what, self._record.run_id)
            return False
        return True


def _walk(folder: Path, inside: Path, refuse: Callable[[str], None]) -> Iterator[tuple[str, Path, tuple[int, int]]]:
    """Every file below a folder, with its name relative to `inside`, its time and size.

    A link is followed to a file inside; out of it, and to folders, none is.
    """
    real = inside.resolve()
    for top, folders, files in os.walk(folder):
        for path in sorted(Path(top, name) for name in files + folders):
            name = path.relative_to(inside).as_posix()
            try:
                name.encode()
                escapes = path.is_symlink() and not path.resolve().is_relative_to(real)
                status = path.stat()
            except UnicodeEncodeError:
                refuse(name)
                continue
            except (OSError, RuntimeError):
                continue  # gone again, or a link to nothing, or to itself
            if escapes:
                refuse(name)
            elif path.is_file():
                yield name, path, (status.st_mtime_ns, status.st_size)
