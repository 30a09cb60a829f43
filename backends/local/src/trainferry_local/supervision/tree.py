"""The processes of a run: all descendants of its supervisor, which is a subreaper, so that none can slip away."""

from __future__ import annotations

import os
import time

_TERM, _KILL = 15, 9
_LAST_WAIT = 15.0
"""Seconds to wait for processes that were killed; longer means that the system itself holds them (a dead disk)."""
_LONGEST_PAUSE = 0.02


def reap(ended: dict[int, int]) -> bool:
    """Collect what has ended into `ended` (process id -> exit code, negative: signal); False if no child is left."""
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if process == 0:
            return True
        ended[process] = os.waitstatus_to_exitcode(status)


def descendants(ancestor: int) -> list[int]:
    """Every process below `ancestor`, by the parents that /proc tells (proc(5), field 4 of stat)."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as stream:
                    parent = int(stream.read().rpartition(b")")[2].split()[1])
            except (OSError, IndexError):
                continue  # it has just ended
            children.setdefault(parent, []).append(int(name))
    found = children.get(ancestor, [])
    for process in found:
        found.extend(children.get(process, ()))
    return found


def end_all(ended: dict[int, int], grace: float) -> bool:
    """End every descendant of this process: ask, wait `grace` seconds, then make them; True when none is left.

    Repeats until there is none, because a process may start others while it is being ended.
    """
    if not reap(ended):
        return True
    _signal_all(_TERM)
    if _gone_within(grace, ended, None):
        return True
    return _gone_within(_LAST_WAIT, ended, _KILL)


def _gone_within(seconds: float, ended: dict[int, int], signal: int | None) -> bool:
    deadline, pause = time.monotonic() + seconds, 0.001
    while reap(ended):
        if time.monotonic() > deadline:
            return False
        if signal is not None:
            _signal_all(signal)
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
    return True


def _signal_all(number: int) -> None:
    for process in descendants(os.getpid()):
        try:
            os.kill(process, number)
        except (ProcessLookupError, PermissionError):
            pass  # gone, or started with more rights than ours
