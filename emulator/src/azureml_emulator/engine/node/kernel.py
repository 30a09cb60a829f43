"""The Linux system calls that Python 3.11 has no function for. Constants are those of the kernel's headers."""

import ctypes
import os
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_SIGKILL, _SIGPIPE, _SIGXFSZ, _SIG_DFL = 9, 13, 25, 0
_NEW_MOUNTS, _NEW_USER, _NEW_PIDS = 0x00020000, 0x10000000, 0x20000000
_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_EXEC = 1, 2, 4, 8
_REMOUNT, _BIND, _RECURSIVE, _PRIVATE, _RELATIVE_TIMES = 32, 4096, 16384, 1 << 18, 1 << 21
_KEPT = {2: 2, 4: 4, 8: 8, 1024: 1024, 2048: 2048, 4096: _RELATIVE_TIMES}
"""Flag of statvfs -> flag of mount, for those that an unprivileged remount has to repeat."""


def _checked(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)


def adopt_orphans() -> None:
    """Make this process the parent of every descendant whose own parent ends."""
    _checked(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "adopt orphans")


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    _checked(_libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0), "die with the parent")


def default_signals() -> None:
    """Undo what Python ignores for itself, so that a script starts as from a shell."""
    for number in (_SIGPIPE, _SIGXFSZ):
        _libc.signal(ctypes.c_int(number), ctypes.c_void_p(_SIG_DFL))


def separate() -> None:
    """Give this process mounts of its own, and its next children process ids of their own.

    As root directly, as anybody else in a user namespace in which the user keeps their id. OSError where the system
    refuses.
    """
    user, group = os.geteuid(), os.getegid()
    if user != 0 or _libc.unshare(_NEW_MOUNTS | _NEW_PIDS) != 0:
        _checked(_libc.unshare(_NEW_MOUNTS | _NEW_PIDS | _NEW_USER), "unshare")
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            Path("/proc/self", name).write_text(text, encoding="ascii")
    _mount("none", "/", "", _RECURSIVE | _PRIVATE)


def show_own_processes() -> None:
    """Mount a /proc that shows the process ids of this namespace; call it in the first child after `separate`."""
    _mount("proc", "/proc", "proc", _NO_SUID | _NO_DEVICES | _NO_EXEC)


def mount_disk(path: str, size: int) -> None:
    """Mount an empty disk that holds `size` bytes (rounded up to whole pages) and then is full, with errno 28."""
    _mount("disk", path, "tmpfs", _NO_SUID | _NO_DEVICES, f"mode=700,size={size}")


def bind(source: str, place: str, *, writable: bool) -> None:
    """Show `source` at `place`; unless it is `writable`, every write there fails with errno 30."""
    _mount(source, place, "", _BIND | _RECURSIVE)
    if writable:
        return
    kept = 0
    for of_stat, of_mount in _KEPT.items():
        kept |= of_mount if os.statvfs(place).f_flag & of_stat else 0
    _mount("none", place, "", _REMOUNT | _BIND | _READ_ONLY | kept)


def _mount(source: str, place: str, kind: str, flags: int, options: str = "") -> None:
    encoded = [os.fsencode(text) if text else None for text in (source, place, kind)]
    data = options.encode() if options else None
    _checked(_libc.mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), data), f"mount at {place}")
