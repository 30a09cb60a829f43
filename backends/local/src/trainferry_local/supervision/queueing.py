"""The queue of waiting runs: files in a folder, claimed in order, each run by exactly one supervisor."""

from __future__ import annotations

import errno
import os
import sys
import time

from trainferry_local.supervision import layout, locks
from trainferry_local.supervision.states import FAILED, QUEUED, RUNNING, State, read_state, reserve, write_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trainferry_local.supervision.layout import Run

_PATIENCE = 2.0
"""Seconds that a claim waits for another process that holds the run's lock just to look at it."""


def waiting(home: str) -> list[str]:
    """Entries of the queue, the one to be run next first."""
    try:
        return sorted(os.listdir(layout.queue(home)))
    except FileNotFoundError:
        return []


def add(home: str, entry: str) -> None:
    """Put a run into the queue; adding it again changes nothing."""
    os.close(os.open(os.path.join(layout.queue(home), entry), os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))


def remove(home: str, entry: str) -> None:
    """Take a run out of the queue, if it is there."""
    try:
        os.unlink(os.path.join(layout.queue(home), entry))
    except FileNotFoundError:
        pass


def claim_next(home: str, skipped: set[str]) -> tuple[Run, int] | None:
    """Claim the first waiting run and mark it as running; returns it with its locked descriptor, None if none waits.

    An entry that can't be claimed goes into `skipped`, which is not looked at again, and doesn't hold up the others.

    The order of steps makes a kill between any two of them harmless: with the state still `queued` the entry is still
    there for another supervisor; once the state is `running` nobody starts the run again.
    """
    for entry in waiting(home):
        if entry in skipped:
            continue
        run = layout.run_of_entry(home, entry)
        try:
            descriptor = _claim(home, entry, run, skipped)
        except OSError as error:
            skipped.add(entry)
            _give_up(home, entry, run, error)
        else:
            if descriptor is not None:
                return run, descriptor
    return None


def _claim(home: str, entry: str, run: Run, skipped: set[str]) -> int | None:
    descriptor = _lock(home, entry, run)
    if descriptor is None:
        skipped.add(entry)
        return None
    claimed = False
    try:
        state = read_state(run)
        if state is not None and state.name == QUEUED:
            reserve(run)
            write_state(run, State(RUNNING, started=time.time()))
            claimed = True
        remove(home, entry)
    finally:
        if not claimed:
            locks.release(descriptor)
    return descriptor if claimed else None


def _give_up(home: str, entry: str, run: Run, error: OSError) -> None:
    """Note that a run can't even be claimed; on a full disk that isn't possible either, and the run goes on waiting."""
    sys.stderr.write(f"{run.id} can't be started: {error}\n")
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return
    try:
        write_state(run, State(FAILED, reason=f"it can't be started: {error}", ended=time.time()))
        remove(home, entry)
    except OSError as second:
        sys.stderr.write(f"{run.id} can't be given up: {second}\n")


def _lock(home: str, entry: str, run: Run) -> int | None:
    """The lock of a waiting run; None if it is no longer waiting, or if somebody holds the lock for long."""
    deadline = time.monotonic() + _PATIENCE
    path = os.path.join(layout.queue(home), entry)
    while os.path.exists(path):
        try:
            descriptor = locks.try_lock(run.lock)
        except FileNotFoundError:  # the run's folder was deleted by hand
            remove(home, entry)
            return None
        if descriptor is not None or time.monotonic() > deadline:
            return descriptor
        time.sleep(0.001)
    return None
