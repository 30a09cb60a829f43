"""The few Linux system calls that Python 3.11 has no function for. Constants are those of the kernel's headers."""

from __future__ import annotations

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_REMOUNT, _MS_BIND, _MS_REC = 1, 2, 4, 32, 4096, 16384
_MS_PRIVATE, _MS_RELATIME = 1 << 18, 1 << 21
_KEPT_FLAGS = {2: 2, 4: 4, 8: 8, 1024: 1024, 2048: 2048, 4096: _MS_RELATIME}
"""Flag of statvfs -> flag of mount, for those that an unprivileged remount must repeat."""
_SYS_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 1
_SIOCSIFFLAGS, _IFF_UP, _IFF_RUNNING = 0x8914, 0x1, 0x40
_SIGPIPE, _SIGXFSZ, _SIG_DFL = 13, 25, 0


class _MountAttributes(ctypes.Structure):
    """`struct mount_attr` of linux/mount.h."""

    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def _checked(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)


def become_subreaper() -> None:
    """Orphans among the descendants become children of this process instead of the system's first process."""
    _checked(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def die_with_parent(parent: int) -> None:
    """Have this process killed when its parent dies; ends it at once if that has happened already."""
    _checked(_libc.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        os._exit(1)


def default_signals() -> None:
    """Undo what a Python interpreter ignores for itself, so that a script and its children start as from a shell."""
    for number in (_SIGPIPE, _SIGXFSZ):
        _libc.signal(ctypes.c_int(number), ctypes.c_void_p(_SIG_DFL))


def own_mounts(*, network: bool = True) -> None:
    """Give this process a view of the mounts that is its own, as root or, by a user namespace, as anybody.

    The user keeps their id, and loses the right to change mounts at the next exec. Without `network`, the process has
    a loopback of its own and no other way out. OSError where it isn't allowed.
    """
    user, group = os.geteuid(), os.getegid()
    spaces = _CLONE_NEWNS if network else _CLONE_NEWNS | _CLONE_NEWNET
    if user != 0 or _libc.unshare(spaces) != 0:
        _checked(_libc.unshare(spaces | _CLONE_NEWUSER), "unshare")
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    _checked(_libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None), "mount private")
    if not network:
        _raise_loopback()


def _raise_loopback() -> None:
    """Switch the loopback of a new network namespace on: processes of a distributed job find each other there."""
    import fcntl  # noqa: PLC0415  (only a rehearsal without a network comes here)
    import socket  # noqa: PLC0415

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = b"lo".ljust(16, b"\0") + (_IFF_UP | _IFF_RUNNING).to_bytes(2, "little") + bytes(22)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, request)


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def mount_empty(path: str) -> None:
    """Cover a folder with an empty one that lives in memory."""
    flags = _MS_NOSUID | _MS_NODEV
    _checked(_libc.mount(b"none", os.fsencode(path), b"tmpfs", flags, b"mode=755,size=1m"), f"cover {path}")


def bind(descriptor: int, path: str) -> None:
    """Show at `path` what the descriptor was opened on, with all that is mounted below it."""
    source = b"/proc/self/fd/%d" % descriptor
    _checked(_libc.mount(source, os.fsencode(path), None, _MS_BIND | _MS_REC, None), f"bind {path}")


def make_read_only(path: str, *, below: bool = True) -> None:
    """Refuse every write to a mount with errno 30, as read-only file systems do; with `below` also to those in it."""
    attributes = _MountAttributes(_MOUNT_ATTR_RDONLY, 0, 0, 0)
    name, size = ctypes.c_char_p(os.fsencode(path)), ctypes.c_size_t(ctypes.sizeof(attributes))
    call, flags = ctypes.c_long(_SYS_MOUNT_SETATTR), ctypes.c_uint(_AT_RECURSIVE if below else 0)
    if _libc.syscall(call, _AT_FDCWD, name, flags, ctypes.byref(attributes), size) == 0:
        return
    # Before Linux 5.12 there is only this, and it leaves what is mounted below as it was.
    kept = 0
    for of_stat, of_mount in _KEPT_FLAGS.items():
        kept |= of_mount if os.statvfs(path).f_flag & of_stat else 0
    _checked(
        _libc.mount(None, os.fsencode(path), None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | kept, None), f"protect {path}"
    )
