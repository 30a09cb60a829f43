"""Snapshots and datasets on this machine: brought from the storage once for each content, and shared by all runs."""

import hashlib
import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from azureml_emulator.engine.contract import Storage, StoredFile

_AT_ONCE = 8
"""Files that are fetched at the same time."""


class Stopped(Exception):
    """The run was canceled, or the emulator is stopped, while files were on their way."""


class StageFailed(Exception):
    """The files of a source can't be brought here; the text says which and why."""


class Stage:
    """The content cache."""

    def __init__(self, folder: Path, storage: Storage) -> None:
        self._folder = folder
        self._storage = storage
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Lock] = {}

    def bring(self, source: str, stopped: Callable[[], bool]) -> Path:
        """The folder with a source's files, which nobody may change. StageFailed with the reason, or Stopped."""
        try:
            files = self._storage.list_files(source)
        except OSError as error:
            raise StageFailed(f"{source} can't be read: {error}") from error
        _check_paths(files)
        key = _key(files)
        with self._lock:
            busy = self._busy.setdefault(key, threading.Lock())
        with busy:
            folder = self._folder / key
            if not folder.is_dir():
                self._fill(source, files, folder, stopped)
            return folder

    def _fill(self, source: str, files: Sequence[StoredFile], folder: Path, stopped: Callable[[], bool]) -> None:
        draft = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(draft, ignore_errors=True)  # left by an emulator that was killed
        draft.mkdir(mode=0o700, parents=True)

        def fetch(file: StoredFile) -> None:
            if stopped():
                raise Stopped
            target = draft / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._storage.fetch(source, file, target)
                size = target.stat().st_size
            except OSError as error:
                raise StageFailed(f"{file.path} of {source} can't be read: {error}") from error
            if size != file.size:
                raise StageFailed(f"{file.path} of {source} has {size} bytes instead of {file.size}")

        try:
            with ThreadPoolExecutor(_AT_ONCE, "stage") as pool:
                for _ in pool.map(fetch, files):
                    pass
            draft.rename(folder)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise


def _check_paths(files: Sequence[StoredFile]) -> None:
    for file in files:
        parts = PurePosixPath(file.path).parts
        if not parts or file.path.startswith("/") or ".." in parts or "\0" in file.path or file.path.endswith("/"):
            raise StageFailed(f"the name {file.path!r} would leave its folder")


def _key(files: Sequence[StoredFile]) -> str:
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda file: file.path):
        digest.update(f"{file.path}\0{file.size}\0{file.version}\0".encode())
    return digest.hexdigest()[:32]
