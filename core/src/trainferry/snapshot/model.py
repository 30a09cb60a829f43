"""The snapshot as data: which files travel, from where, and what was found wrong on the way."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.errors import BackendError

if TYPE_CHECKING:
    from trainferry.specs.finding import Finding


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """One file that travels."""

    path: str
    """Relative to the source folder, with forward slashes."""
    size: int
    """Bytes."""
    executable: bool
    """Whether its owner may execute it; no other part of its mode travels."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The part of a source folder that travels, as it was when it was listed."""

    root: Path
    files: tuple[SnapshotFile, ...]
    """Sorted by path."""
    ignore_file: str | None = None
    """Name of the ignore file at the top of the source folder, if there is one."""
    problems: "tuple[Finding, ...]" = ()
    """Errors and warnings; with an error among them the snapshot must not travel."""
    complete: bool = True
    """Whether everything was looked at; if not, an error among the problems says why."""

    @property
    def bytes(self) -> int:
        """Sum of the sizes of all files."""
        return sum(file.size for file in self.files)

    def fingerprint(self) -> str:
        """64 hex digits over path, executable bit and content of every file; reads them all.

        Raises BackendError naming a file that can't be read.
        """
        total = hashlib.sha256()
        for file in self.files:
            try:
                with open(os.path.join(self.root, file.path), "rb") as stream:
                    content = hashlib.file_digest(stream, "sha256").hexdigest()
            except OSError as error:
                raise BackendError(
                    f"can't read {file.path}: {error.strerror}", remedy="make it readable, or list it in .ferryignore"
                ) from error
            total.update(f"{file.path}\0{'x' if file.executable else '-'}{content}\n".encode())
        return total.hexdigest()
