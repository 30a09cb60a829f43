"""Linux calls that Python has no function for: mounts of a process's own, orphans, death with the parent.

Numbers are those of the kernel's headers (linux/sched.h, linux/mount.h, linux/prctl.h, linux/fcntl.h).
"""

from __future__ import annotations

import ctypes
import os

_NEWNS, _NEWUSER = 0x00020000, 0x10000000
_RDONLY, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 32, 4096, 16384, 1 << 18
_LOCKED = {2: 2, 4: 4, 8: 8, 1024: 1024, 2048: 2048, 4096: 1 << 21}
"""Flag of statvfs -> flag of mount: what a remount without privileges has to repeat."""
_SETATTR, _AT_FDCWD, _RECURSIVE, _ATTR_RDONLY = 442, -100, 0x8000, 1
_DEATH_SIGNAL, _SUBREAPER = 1, 36
_KILL = 9


def _call(name: str, *arguments: object) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), name)


def _tried(name: str, *arguments: object) -> bool:
    try:
        _call(name, *arguments)
    except PermissionError:
        return False
    return True


def adopt_orphans() -> None:
    """Make this process the parent of every orphan among its descendants, so that none slips away."""
    _call("prctl", _SUBREAPER, 1, 0, 0, 0)


def die_with(parent: int) -> None:
    """Have this process killed when `parent`, which started it, dies; at once if that has happened already."""
    _call("prctl", _DEATH_SIGNAL, _KILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def leave_mounts() -> None:
    """Give this process mounts of its own, as root or, through a user namespace, as anybody else."""
    user, group = os.geteuid(), os.getegid()
    if user != 0 or not _tried("unshare", _NEWNS):
        _call("unshare", _NEWNS | _NEWUSER)
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as stream:
                stream.write(text)
    _call("mount", None, b"/", None, ctypes.c_ulong(_REC | _PRIVATE), None)


def show_read_only(source: str, place: str) -> None:
    """Show `source` at `place`, where something of the same kind lies, so that a write there gives errno 30."""
    target = os.fsencode(place)
    _call("mount", os.fsencode(source), target, None, ctypes.c_ulong(_BIND | _REC), None)
    attributes = (ctypes.c_uint64 * 4)(_ATTR_RDONLY, 0, 0, 0)  # struct mount_attr
    library = ctypes.CDLL(None, use_errno=True)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    if library.syscall(ctypes.c_long(_SETATTR), _AT_FDCWD, target, ctypes.c_uint(_RECURSIVE), attributes, size) == 0:
        return
    # Before Linux 5.12: this, which leaves what is mounted further below as it was.
    flags = os.statvfs(place).f_flag
    kept = sum(mount for stat, mount in _LOCKED.items() if flags & stat)
    _call("mount", None, target, None, ctypes.c_ulong(_REMOUNT | _BIND | _RDONLY | kept), None)


def may_mount() -> bool:
    """Whether this system lets this user do that; tried in a process of its own."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            leave_mounts()
            show_read_only("/usr", "/usr")
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0
