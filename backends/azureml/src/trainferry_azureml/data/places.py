"""Where a file that a server names may be written: below the destination, whatever its name says."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from trainferry.errors import BackendError


def place_below(destination: Path, path: str) -> Path:
    """The place of a relative path below a folder; raises BackendError if it leads out, also by a link on its way."""
    relative = PurePosixPath(path)
    parts = relative.parts
    if not parts or relative.is_absolute() or ".." in parts or "\0" in path or "\\" in path:
        raise BackendError(
            f"won't write a file named {path!r}: it would lie outside of {destination}",
            remedy="the server gave that name; fetch the other files by name",
        )
    root = os.path.realpath(destination)
    target = os.path.join(root, *parts)
    folder = os.path.realpath(os.path.dirname(target))
    if folder != root and not folder.startswith(root.rstrip("/") + "/"):
        raise BackendError(
            f"won't write {path}: a link in {destination} leads out of it, to {folder}", remedy="remove the link"
        )
    if os.path.isdir(target) and not os.path.islink(target):
        raise BackendError(f"can't write {target}: a folder has that name", remedy="choose another destination")
    return Path(target)
