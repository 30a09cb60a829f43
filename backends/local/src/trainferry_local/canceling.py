"""Ending a run on request."""

import os
import time
from pathlib import Path

from trainferry.errors import BackendError
from trainferry_local.orphans import end_orphans
from trainferry_local.supervision import layout, queueing, states
from trainferry_local.supervision.layout import Run
from trainferry_local.supervision.request import read_request
from trainferry_local.supervision.states import State
from trainferry_local.watching import decision

_MARGIN = 20.0
"""Seconds beyond the grace period after which a run that hasn't ended is an error."""


def cancel(run: Run) -> None:
    """End every process of a run and return when that is done; a run that has ended stays as it is.

    Takes the grace period at most, and the time that the system needs to end killed processes. BackendError if some
    will not end.
    """
    state = states.read_state(run)
    if state is None or state.final:
        return
    try:
        request = read_request(run)
    except ValueError as error:
        raise BackendError(str(error), remedy="the next look at the run notes it as failed") from error
    deadline, pause = time.monotonic() + request.grace + _MARGIN, 0.002
    while not _settled(run, request.queued_at):
        Path(run.cancel).touch()  # before the wake-up: whoever wakes looks for it
        _wake(run)
        if time.monotonic() > deadline:
            raise BackendError(
                f"the run {run.id} has not ended {request.grace + _MARGIN:.0f} seconds after it was asked to",
                remedy="'ps -ef --forest' shows its processes; one in state D waits for a disk or a device",
            )
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def _settled(run: Run, queued_at: int) -> bool:
    """Whether the run has ended; ends it here and now if no supervisor has it."""
    state = states.read_state(run)
    if state is None or state.final:
        return True
    with decision(run) as free:
        if not free:
            return False
        state = states.read_state(run) or state
        if state.final:
            return True
        reason = "canceled before it started"
        if state.name == states.RUNNING:
            reason = "canceled; its supervisor had been killed before"
            if not end_orphans(run.id):
                return False
        states.write_last_state(run, State(states.CANCELED, reason=reason, started=state.started, ended=time.time()))
        queueing.remove(run.home, layout.entry_name(queued_at, run.id))
        return True


def _wake(run: Run) -> None:
    """Have the supervisor look for the request, if it listens already."""
    try:
        descriptor = os.open(run.control, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # nobody listens yet; the supervisor looks for the request before it starts the script
        return
    try:
        os.write(descriptor, b"c")
    except BlockingIOError:
        pass  # the pipe is full of wake-ups
    finally:
        os.close(descriptor)
