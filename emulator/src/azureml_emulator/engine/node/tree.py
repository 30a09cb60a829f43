"""All processes below this one, and their end."""

import contextlib
import os
import signal
import time
from pathlib import Path

_LAST_WAIT = 10.0
"""Seconds to wait for killed processes; longer means that the system itself holds them."""


def reap(ended: dict[int, int]) -> bool:
    """Collect children that have ended into `ended`: exit code, negative for a signal, by id. False if none is left."""
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if process == 0:
            return True
        ended[process] = os.waitstatus_to_exitcode(status)


def descendants(ancestor: int) -> list[int]:
    """Every process below `ancestor`, by the parents that /proc tells (proc(5): field 4 of stat)."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_bytes().rpartition(b")")[2].split()[1])
        except (OSError, IndexError):
            continue  # it has just ended
        children.setdefault(parent, []).append(int(folder.name))
    found = children.get(ancestor, [])
    for process in found:
        found.extend(children.get(process, ()))
    return found


def end_all(grace: float) -> bool:
    """End every descendant: ask, wait `grace` seconds, then kill until there is none; False if some will not go."""
    ended: dict[int, int] = {}
    if not reap(ended):
        return True
    _signal_all(signal.SIGTERM)
    return _gone(grace, ended, None) or _gone(_LAST_WAIT, ended, signal.SIGKILL)


def _gone(seconds: float, ended: dict[int, int], number: signal.Signals | None) -> bool:
    deadline, pause = time.monotonic() + seconds, 0.002
    while reap(ended):
        if time.monotonic() > deadline:
            return False
        if number is not None:
            _signal_all(number)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)
    return True


def _signal_all(number: signal.Signals) -> None:
    for process in descendants(os.getpid()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, number)
