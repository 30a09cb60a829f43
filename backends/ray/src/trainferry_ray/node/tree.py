"""The processes of a run: all descendants of its supervisor, which adopts orphans."""

from __future__ import annotations

import os
import signal
import time

_LAST_WAIT = 15.0
"""Seconds to wait for killed processes; one that takes longer is held by the system itself."""


def collect(ended: dict[int, int]) -> bool:
    """Take note of every child that has ended (process id -> exit code, negative: signal); False if none is left."""
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if process == 0:
            return True
        ended[process] = os.waitstatus_to_exitcode(status)


def below(ancestor: int) -> list[int]:
    """Every process below `ancestor`, by the parents that /proc names."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as stream:
                parent = int(stream.read().rpartition(b")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        children.setdefault(parent, []).append(int(name))
    found = list(children.get(ancestor, ()))
    for process in found:
        found += children.get(process, ())
    return found


def end_all(ended: dict[int, int], grace: float) -> bool:
    """End every descendant of this process: ask, wait `grace` seconds, then kill until none is left; True if so."""
    if not collect(ended):
        return True
    _send(signal.SIGTERM)
    return _gone(ended, grace, kill=False) or _gone(ended, _LAST_WAIT, kill=True)


def _gone(ended: dict[int, int], seconds: float, *, kill: bool) -> bool:
    deadline, pause = time.monotonic() + seconds, 0.002
    while collect(ended):
        if time.monotonic() >= deadline:
            return False
        if kill:
            _send(signal.SIGKILL)
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
    return True


def _send(number: int) -> None:
    for process in below(os.getpid()):
        try:
            os.kill(process, number)
        except (ProcessLookupError, PermissionError):
            continue
