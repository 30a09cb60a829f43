"""One run, from claimed to its end."""

from __future__ import annotations

import os
import select
import time

from trainferry_local.supervision import outcome, states, tree
from trainferry_local.supervision.request import read_request, take_variables
from trainferry_local.supervision.script import StartFailed, start
from trainferry_local.supervision.states import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trainferry_local.supervision.layout import Run
    from trainferry_local.supervision.request import Request

_LONGEST_WAIT = 1.0
"""Seconds between two looks for orphans that have ended."""


def execute(run: Run) -> State:
    """Run the script, and all that it started, to the end; returns the final state, for the caller to write."""
    begun = time.time()
    # Opened for writing too: with a writer around, the pipe never reads as closed.
    control = os.open(run.control, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        request = read_request(run)
        state = _Execution(run, request, control).to_the_end()
    finally:
        os.close(control)
    state.started, state.ended = begun, time.time()
    return state


class _Execution:
    """The processes of a run while they go."""

    def __init__(self, run: Run, request: Request, control: int) -> None:
        self.run = run
        self.request = request
        self.control = control
        self.workers: dict[int, int] = {}
        """Rank of each process of the script, by process id."""
        self.ended: dict[int, int] = {}
        """Exit code of every child that has ended, the first to end first."""

    def to_the_end(self) -> State:
        """Start the script and return how it ended. No process of it is left then, or the reason says so."""
        try:
            if self._canceled():
                return State(states.CANCELED, reason="canceled before the script started")
            self._start_all()
            state = self._watch()
        except StartFailed as error:
            state = State(states.FAILED, reason=outcome.reason_of_failure(str(error), self.run.folder, os.devnull))
        if not tree.end_all(self.ended, self.request.grace):
            state.reason = f"{state.reason}; some of its processes could not be ended".lstrip("; ")
        return state

    def _start_all(self) -> None:
        variables = take_variables(self.run)
        ranks: list[dict[str, str]] = [{}]
        if self.request.distribution is not None:
            from trainferry_local.supervision import distribution  # noqa: PLC0415  (json and socket: ten milliseconds)

            ranks = distribution.variables_of(
                self.request.distribution, self.request.processes, self.request.processes_per_node
            )
        for rank, more in enumerate(ranks):
            command, view = self.request.command, self.request.view
            child = start(command, {**variables, **more}, self.run.work, self._log(rank), view)
            self.workers[child] = rank

    def _log(self, rank: int) -> str:
        """The first process writes the run's log, each further one a log of its own among the run's files."""
        return self.run.log if rank == 0 else os.path.join(self.run.work, "logs", f"worker-{rank}.log")

    def _canceled(self) -> bool:
        return os.path.exists(self.run.cancel)

    def _watch(self) -> State:
        """Wait until all processes of the script have ended well, or one has not, or time is up, or it is canceled."""
        deadline = None if self.request.timeout is None else time.monotonic() + self.request.timeout
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        handles = [os.pidfd_open(process) for process in self.workers]
        for handle in handles:
            poll.register(handle, select.POLLIN)
        try:
            while True:
                tree.reap(self.ended)
                verdict = self._verdict(deadline)
                if verdict is not None:
                    return verdict
                left = _LONGEST_WAIT if deadline is None else min(_LONGEST_WAIT, deadline - time.monotonic())
                for handle, _ in poll.poll(max(0.0, left) * 1000):
                    self._noted(handle, poll)
        finally:
            for handle in handles:
                os.close(handle)

    def _noted(self, handle: int, poll: select.poll) -> None:
        """Clear an event, so that it doesn't wake us again."""
        if handle == self.control:
            os.read(self.control, 4096)
        else:
            poll.unregister(handle)

    def _verdict(self, deadline: float | None) -> State | None:
        failed = next((process for process, code in self.ended.items() if code != 0 and process in self.workers), None)
        if failed is not None:
            return self._failure(failed)
        if all(process in self.ended for process in self.workers):
            return State(states.COMPLETED, exit_code=0)
        if self._canceled():
            return State(states.CANCELED, reason="canceled")
        if deadline is not None and time.monotonic() >= deadline:
            text = f"timeout after {self.request.timeout:g} s; every process of the script was ended"
            return State(states.FAILED, reason=outcome.reason_of_failure(text, self.run.folder, self.run.log))
        return None

    def _failure(self, process: int) -> State:
        rank, code = self.workers[process], self.ended[process]
        words = outcome.words_of(code)
        if len(self.workers) > 1:
            words = f"worker {rank} of {len(self.workers)}: {words}; the others were ended"
        return State(
            states.FAILED, exit_code=code, reason=outcome.reason_of_failure(words, self.run.folder, self._log(rank))
        )
