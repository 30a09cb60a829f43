"""What of a folder on this machine is a dataset: every regular file in it, by the name that its blob gets."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainferry.errors import BackendError
from trainferry_azureml.data.version import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_NAME = 1024 - len(ROOT) - len("/") - 32 - len("/files/")
"""Characters: a blob's name has 1,024 at most, the prefix included."""
DEEPEST = 254 - 4
"""Path segments: a blob's name has 254 at most, the prefix included."""
_UNUSABLE = re.compile("[\\x00-\\x1f\\x7f\\\\\ufffe\uffff]")
"""Characters that the service refuses, that its listing can't show, or that it takes for a slash."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file as it was when it was looked at: should any of this differ later, it was changed."""

    name: str
    """Path below the folder, with slashes."""
    path: str
    """Where it is."""
    bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @property
    def state(self) -> tuple[int, int, int, int]:
        """All that tells whether the file is still the same."""
        return self.bytes, self.mtime_ns, self.ctime_ns, self.inode

    def is_now(self, status: os.stat_result) -> bool:
        """Whether a later look at the file tells the same."""
        return self.state == (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def list_folder(folder: Path) -> list[LocalFile]:
    """Every file of a folder, sorted by name; of a file, that file alone.

    Names and states only, no content is read. Links are followed where they stay inside. Raises BackendError for a
    folder that is missing or holds no file, a link that leads out, nowhere or in a circle, a name that a blob can't
    have, and for what is no regular file: leaving anything out in silence would train on other data than what is here.
    """
    root = os.path.realpath(folder)
    try:
        if not os.path.isdir(root):
            return [_file(os.path.basename(root), root, os.stat(root))]
        walk = _Walk(root)
        walk.folder("", root, (root,))
    except OSError as error:
        raise BackendError(
            f"can't read {error.filename or root}: {error.strerror}", remedy="check the path of the dataset"
        ) from error
    if not walk.files:
        raise BackendError(f"the dataset {folder} holds no file", remedy="correct the path of the dataset")
    return sorted(walk.files, key=lambda file: file.name)


class _Walk:
    """One pass over a folder."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.files: list[LocalFile] = []

    def folder(self, prefix: str, path: str, way: tuple[str, ...]) -> None:
        with os.scandir(path) as entries:
            for entry in entries:
                name = prefix + entry.name
                if entry.is_symlink():
                    self._link(name, entry.path, way)
                elif entry.is_dir(follow_symlinks=False):
                    self.folder(name + "/", entry.path, (*way, entry.path))
                else:
                    self.files.append(_file(name, entry.path, entry.stat(follow_symlinks=False)))

    def _link(self, name: str, path: str, way: tuple[str, ...]) -> None:
        real = os.path.realpath(path)
        if real != self.root and not real.startswith(self.root.rstrip("/") + "/"):
            raise BackendError(
                f"the link {path} leads out of the dataset, to {os.readlink(path)}",
                remedy="copy what it points at into the folder, or remove the link",
            )
        if not os.path.exists(real):
            raise BackendError(
                f"the link {path} points at {os.readlink(path)}, which is not there", remedy="remove the link"
            )
        if not os.path.isdir(real):
            self.files.append(_file(name, real, os.stat(real)))
        elif real in way:
            raise BackendError(f"the link {path} leads in a circle", remedy="remove the link")
        else:
            self.folder(name + "/", real, (*way, real))


def _file(name: str, path: str, status: os.stat_result) -> LocalFile:
    if not stat.S_ISREG(status.st_mode):
        raise BackendError(f"{path} is no regular file (a socket, pipe or device)", remedy="take it out of the dataset")
    if flaw := _flaw(name):
        shown = name.encode(errors="surrogateescape").decode(errors="backslashreplace")
        raise BackendError(f"no blob can have the name {shown!r}: {flaw}", remedy="rename the file")
    return LocalFile(name, path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _flaw(name: str) -> str:
    """Why a blob can't have this name, as the service's page "Naming and referencing containers, blobs" has it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return "it is not valid UTF-8"
    if found := _UNUSABLE.search(name):
        return f"it holds the character {found[0]!r}"
    if len(name) > LONGEST_NAME or name.count("/") >= DEEPEST:
        return f"it is too long ({LONGEST_NAME} characters and {DEEPEST} folders at most)"
    if any(part.endswith(".") for part in name.split("/")):
        return "a part of it ends with a dot"
    return ""
