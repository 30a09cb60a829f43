"""Starting supervisors, from the client's side."""

import os
import sys
import time
from pathlib import Path

from trainferry.errors import BackendError
from trainferry_local import variables
from trainferry_local.supervision import layout, locks, queueing
from trainferry_local.supervision.loop import SLOT

_CODE = "import sys; sys.path.append(sys.argv[1]);from trainferry_local.supervision.loop import main; main(sys.argv[2])"
"""Appended, so that the standard library is found first and nothing can stand in its way."""

_PAUSE = 0.5
"""Seconds until a supervisor that ended at once is started again; keeps a broken machine from being flooded."""

_TRIES = 3
"""Supervisors in a row that may end in trouble before it is an error."""

_START_UP = 1.0
"""Seconds that a supervisor may take to claim its first run; until then it counts as one that will."""


class Supervisors:
    """Starts supervisors when runs wait and slots are free, and collects those that this process started."""

    def __init__(self, home: Path, slots: int) -> None:
        self._home = str(home)
        self._log = str(home / "supervisor.log")
        self._slots = slots
        self._children: dict[int, float] = {}
        self._not_before = 0.0
        self._failures = 0

    def mend(self) -> None:
        """Start supervisors if runs wait and slots are free, because one was killed; harmless at any time.

        Raises BackendError with the reason if supervisors end again and again while runs wait.
        """
        self.collect()
        waiting = len(queueing.waiting(self._home))
        if waiting:
            if self._failures >= _TRIES:
                self._failures = 0
                raise BackendError(
                    f"runs wait ({waiting}), but can't be started: {self._last_words()}",
                    remedy=f"free some space if the disk is full; all that was said is in {self._log}",
                )
            now = time.monotonic()
            self.start(waiting - sum(now - started < _START_UP for started in self._children.values()))

    def start(self, runs: int) -> None:
        """Start a supervisor for each of so many waiting runs, as long as slots are free."""
        if time.monotonic() < self._not_before:
            return
        for number in range(self._slots):
            if runs <= 0:
                break
            held = locks.try_lock(layout.slot(self._home, number))
            if held is not None:
                self._start(held)
                runs -= 1

    def collect(self) -> None:
        """Take note of supervisors that have ended; else they would stay as zombies while this process lives."""
        for process, started in list(self._children.items()):
            try:
                ended, status = os.waitpid(process, os.WNOHANG)
            except ChildProcessError:  # somebody else collected it
                ended, status = process, 0
            if ended:
                del self._children[process]
                if status:
                    self._not_before = started + _PAUSE
                self._failures = self._failures + 1 if os.WIFEXITED(status) and status else 0

    def _last_words(self) -> str:
        """The last line of the supervisors' log."""
        lines = Path(self._log).read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else "they said nothing"

    def _start(self, slot: int) -> None:
        """Start one supervisor and hand the lock of its slot over to it."""
        package_folder = str(Path(__file__).parents[1])
        command = [sys.executable, "-I", "-S", "-X", "utf8", "-c", _CODE, package_folder, self._home]
        actions = (
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            (os.POSIX_SPAWN_DUP2, slot, SLOT),
        )
        try:
            process = os.posix_spawn(
                sys.executable, command, variables.for_supervisor(), file_actions=actions, setsid=True
            )
        finally:
            os.close(slot)  # closed, not unlocked: the supervisor holds the same lock
        self._children[process] = time.monotonic()
