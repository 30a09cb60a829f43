"""What the script sees of the disk: the project covered, and on top the snapshot, the environment and the datasets."""

from __future__ import annotations

import os

from trainferry_local.supervision import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class View:
    """What to cover and what to show. Paths are absolute and real."""

    __slots__ = ("covers", "keeps", "mounts", "network")

    def __init__(
        self, covers: Sequence[str] = (), keeps: Sequence[tuple[str, bool]] = (), mounts: Sequence[tuple[str, str]] = ()
    ) -> None:
        self.covers = covers
        """Folders that look empty to the script."""
        self.keeps = keeps
        """Paths to be seen although they lie in a covered folder, and whether the script may write to them."""
        self.mounts = mounts
        """(dataset, place): shown there read-only, whatever its size, without a copy."""
        self.network = True
        """Whether the script reaches more than this machine's loopback."""

    def __bool__(self) -> bool:
        return bool(self.covers or self.mounts or not self.network)


def enter(view: View) -> None:
    """Give this process, about to become the script, that view. OSError naming the step if the system refuses one."""
    kernel.own_mounts(network=view.network)
    # Opened now, because a covered folder may hide the very thing that is to be shown.
    opened = [(os.open(path, os.O_PATH | os.O_CLOEXEC), path, writable) for path, writable in view.keeps]
    opened += [(os.open(source, os.O_PATH | os.O_CLOEXEC), place, False) for source, place in view.mounts]
    for folder in view.covers:
        kernel.mount_empty(folder)
    for descriptor, place, writable in sorted(opened, key=_length_of_place):
        _make_place(place, descriptor)
        kernel.bind(descriptor, place)
        if not writable:
            kernel.make_read_only(place)
        os.close(descriptor)
    for folder in view.covers:
        kernel.make_read_only(folder, below=False)


def _length_of_place(item: tuple[int, str, bool]) -> int:
    return len(item[1])


def _make_place(place: str, descriptor: int) -> None:
    """Something to mount on: a folder on a folder, an empty file on a file."""
    if os.path.lexists(place):
        return
    if os.path.isdir(f"/proc/self/fd/{descriptor}"):
        os.makedirs(place, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.close(os.open(place, os.O_CREAT | os.O_WRONLY, 0o600))
