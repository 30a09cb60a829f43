"""Starting the script's processes on this node, and watching them until the run is decided."""

from __future__ import annotations

import os
import select
import signal
import time

from trainferry_ray.node import kernel, outcome, tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Any

_TICK = 0.1
"""Seconds between two looks at the log and at the parent of this process."""


class Script:
    """The processes of a run on this node: one, or several that share the node."""

    def __init__(self, words: Sequence[str], work: Path, mounts: Sequence[tuple[str, str]], grace: float) -> None:
        self._words = list(words)
        self._work = work
        self._mounts = mounts
        self._grace = grace
        self._processes: dict[int, tuple[str, Path]] = {}
        self._ended: dict[int, int] = {}
        self._stopped = False
        self._parent = os.getppid()

    def stop_on_term(self) -> None:
        """From now on a SIGTERM to this process means: end the script, and be done."""
        signal.signal(signal.SIGTERM, self._stop)

    def _stop(self, *_: object) -> None:
        self._stopped = True

    def start(self, variables: Mapping[str, str], log: Path, name: str = "") -> None:
        """Start one process, everything that it prints going to `log`; OSError with the reason if it can't start.

        It has a session of its own, sees datasets read-only, and is killed if this process dies.
        """
        reader, writer = os.pipe()
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            self._become(variables, log, writer, parent)
        os.close(writer)
        with os.fdopen(reader, encoding="utf-8", errors="replace") as stream:
            complaint = stream.read()  # ends at the exec, which closes the other end
        if complaint:
            os.waitpid(child, 0)
            raise OSError(complaint)
        self._processes[child] = (name, log)

    def _become(self, variables: Mapping[str, str], log: Path, complaints: int, parent: int) -> None:
        try:
            os.setsid()
            for number in (signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.dup2(output, 1)
            os.dup2(output, 2)
            if self._mounts:
                kernel.leave_mounts()
                for source, place in self._mounts:
                    kernel.show_read_only(source, place)
            os.chdir(self._work)
            kernel.die_with(parent)  # last: a change of rights would undo it
            os.execve(self._words[0], self._words, dict(variables))
        except BaseException as error:  # noqa: BLE001  (told to the parent, whatever it is)
            os.write(complaints, f"can't start {self._words[0]}: {error}".encode(errors="replace"))
        os._exit(127)

    def watch(self, timeout: float | None, each_tick: Callable[[], None]) -> dict[str, Any]:
        """Wait until all processes ended well, one did not, time is up or SIGTERM came; then end all; the last state.

        `each_tick` is called ten times a second, and once more after the end.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        poll = select.poll()
        handles = [os.pidfd_open(process) for process in self._processes]
        for handle in handles:
            poll.register(handle, select.POLLIN)
        try:
            verdict = self._verdict(deadline, timeout)
            while verdict is None:
                for handle, _ in poll.poll(_TICK * 1000):
                    poll.unregister(handle)
                each_tick()
                verdict = self._verdict(deadline, timeout)
        finally:
            for handle in handles:
                os.close(handle)
        if not tree.end_all(self._ended, self._grace):
            verdict["reason"] = f"{verdict['reason']}; some of its processes could not be ended".lstrip("; ")
        each_tick()
        return verdict

    def _verdict(self, deadline: float | None, timeout: float | None) -> dict[str, Any] | None:
        if self._stopped or os.getppid() != self._parent:
            return outcome.state("canceled", reason="canceled")
        tree.collect(self._ended)
        failed = next((pid for pid, code in self._ended.items() if code and pid in self._processes), None)
        if failed is not None:
            return self._failure(failed)
        if all(process in self._ended for process in self._processes):
            return outcome.state("completed", exit_code=0)
        if deadline is not None and time.monotonic() >= deadline:
            text = f"timeout after {timeout:g} s; every process of the script was ended"
            log = next(iter(self._processes.values()))[1]
            return outcome.state("failed", reason=outcome.with_tail(text, log))
        return None

    def _failure(self, process: int) -> dict[str, Any]:
        (name, log), code = self._processes[process], self._ended[process]
        words = f"{name}{outcome.words_of(code)}"
        if len(self._processes) > 1:
            words += "; the others were ended"
        return outcome.state("failed", exit_code=code, reason=outcome.with_tail(words, log))
