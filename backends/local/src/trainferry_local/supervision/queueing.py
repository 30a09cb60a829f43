"""The queue of waiting runs: files in a folder, claimed in order, each run by exactly one supervisor."""

from __future__ import annotations

import os
import time

from trainferry_local.supervision import layout, locks
from trainferry_local.supervision.states import QUEUED, State, read_state, reserve, write_state

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


def claim_next(home: str) -> tuple[Run, int] | None:
    """Claim the first waiting run and mark it as running; returns it with its locked descriptor, None if none waits.

    The order of steps makes a kill between any two of them harmless: with the state still `queued` the entry is still
    there for another supervisor; once the state is `running` nobody starts the run again.
    """
    for entry in waiting(home):
        run = layout.run_of_entry(home, entry)
        descriptor = _lock(home, entry, run)
        if descriptor is None:
            continue
        state = read_state(run)
        if state is not None and state.name == QUEUED:
            reserve(run)
            write_state(run, State("running", started=time.time()))
            remove(home, entry)
            return run, descriptor
        remove(home, entry)
        locks.release(descriptor)
    return None


def _lock(home: str, entry: str, run: Run) -> int | None:
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
