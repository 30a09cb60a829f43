"""Remembers the hashes of files that have not changed since, so that an unchanged folder is told without reading it."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from trainferry_azureml.data.folder import LocalFile

FORM = 2
SETTLED_NS = 2_000_000_000
"""A file that was written less than this before it was hashed is not remembered (nanoseconds): on file systems with
coarse times it could change once more and look the same."""


class StatCache:
    """Hashes of one folder's files, kept in a file of its own below `folder`; a damaged one counts as empty."""

    def __init__(self, folder: Path, dataset: str) -> None:
        self._file = folder / f"{hashlib.sha256(dataset.encode(errors='surrogateescape')).hexdigest()[:32]}.json"
        self._known = self._read()
        self._read_at = time.time_ns()

    def sha256(self, file: LocalFile) -> str | None:
        """The hash of a file if it is known and the file is the same since."""
        row = self._known.get(file.name)
        return str(row[4]) if row is not None and tuple(row[:4]) == file.state else None

    def keep(self, files: Iterable[tuple[LocalFile, str]]) -> None:
        """Remember these hashes and no others; a disk that is full or read-only only costs the memory."""
        newest = self._read_at - SETTLED_NS
        rows = {
            file.name: [*file.state, sha256]
            for file, sha256 in files
            if file.mtime_ns < newest and file.ctime_ns < newest
        }
        if rows == self._known:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._file.parent, delete=False, encoding="utf-8") as part:
                part.write(json.dumps({"form": FORM, "files": rows}, separators=(",", ":")))
            os.replace(part.name, self._file)
        except OSError:
            return

    def _read(self) -> dict[str, list[Any]]:
        try:
            data = json.loads(self._file.read_bytes())
            if data["form"] == FORM and all(len(row) == 5 for row in data["files"].values()):  # noqa: PLR2004
                return dict(data["files"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass
        return {}
