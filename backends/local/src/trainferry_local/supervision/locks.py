"""File locks that the system lets go of when their holder dies, however it dies. They are bound to no process id."""

from __future__ import annotations

import fcntl
import os


def try_lock(path: str) -> int | None:
    """Take the lock of a file, which is made if need be; returns its descriptor, or None if somebody holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if try_again(descriptor):
        return descriptor
    os.close(descriptor)
    return None


def try_again(descriptor: int) -> bool:
    """Take the lock of an open file; False if somebody else holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def release(descriptor: int) -> None:
    """Let go of a lock for certain, also where a child that was just forked still has the file open; then close it."""
    free(descriptor)
    os.close(descriptor)


def free(descriptor: int) -> None:
    """Let go of a lock and keep the file open."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
