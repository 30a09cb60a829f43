"""The engine's face: everything that the services ask of it."""

import fcntl
import os
import threading
from functools import cache
from pathlib import Path

from azureml_emulator.engine import isolation
from azureml_emulator.engine.clusters import Clusters
from azureml_emulator.engine.contract import Events, RunState, Storage, WorkOrder
from azureml_emulator.engine.faults import Faults
from azureml_emulator.engine.images import Images
from azureml_emulator.engine.records import Records
from azureml_emulator.engine.running import Run, Surroundings
from azureml_emulator.engine.staging import Stage

_PATIENCE = 60.0
"""Seconds to wait for a run that is to end; its agents end with this process at the latest."""


class EngineError(Exception):
    """The engine can't start; the text says why."""


class Engine:
    """Carries orders out. Safe to use from any thread; making one touches nothing.

    `home` is this emulator's own, and holds what has to outlive a restart. `cache` holds images and may be shared.
    `grace` is the time in seconds between asking a process to end and killing it. `obstacle`, if given, is taken for
    the reason why nodes can't be kept apart on this machine (empty: they can) instead of finding out.
    """

    def __init__(
        self,
        home: Path,
        cache: Path,
        storage: Storage,
        events: Events,
        *,
        grace: float = 5.0,
        obstacle: str | None = None,
    ) -> None:
        self._home = home.absolute()
        self._records = Records(self._home)
        self._lock = threading.Lock()
        self._running: dict[str, Run] = {}
        self._claim: int | None = None
        self.clusters = Clusters()
        self.faults = Faults(self.clusters)
        self.images = Images(cache.absolute(), self.faults)
        self._around = Surroundings(
            images=self.images,
            stage=Stage(self._home / "content", storage),
            clusters=self.clusters,
            faults=self.faults,
            events=events,
            obstacle=_found_out if obstacle is None else lambda: obstacle,
            closing=threading.Event(),
            grace=grace,
        )

    def start(self) -> None:
        """Go on with what an earlier process left: waiting runs wait again, others come to an honest end.

        EngineError if another process uses this home.
        """
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        claim = os.open(self._home / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(claim)
            raise EngineError(
                f"another emulator uses {self._home}; stop it, or give this one a folder of its own"
            ) from None
        self._claim = claim
        with self._lock:
            for record in self._records.unfinished():
                self._start(Run(record, self._around))

    def close(self) -> None:
        """End everything that was started; what is not finished is gone on with by the next `start`.

        Takes the grace period at most, and the time that the system needs to end killed processes.
        """
        self._around.closing.set()
        with self._lock:
            running = list(self._running.values())
        for run in running:
            run.join(_PATIENCE)  # longer only if a listener doesn't return
        self.images.close()
        if self._claim is not None:
            os.close(self._claim)
            self._claim = None

    def submit(self, order: WorkOrder) -> None:
        """Take an order; it is kept before this returns. An id that is known changes nothing."""
        with self._lock:
            if self._claim is None or self._around.closing.is_set():
                raise EngineError("the engine isn't started")
            record = self._records.make(order)
            if record is not None:
                self._start(Run(record, self._around))

    def cancel(self, run_id: str) -> bool:
        """Have a run end; False if there is none of this id. A run that has ended stays as it is."""
        run = self._running.get(run_id)
        if run is not None:
            run.cancel()
        return run is not None or self._records.get(run_id) is not None

    def state(self, run_id: str) -> RunState | None:
        """How a run stands; None if there is none of this id."""
        run = self._running.get(run_id)
        if run is not None:
            return run.state
        record = self._records.get(run_id)
        return record.state() if record else None

    @property
    def busy(self) -> bool:
        """Whether any run is not yet over, or not yet cleaned up after."""
        return any(run.is_alive() for run in list(self._running.values()))

    def _start(self, run: Run) -> None:
        for known in [run_id for run_id, old in self._running.items() if not old.is_alive()]:
            del self._running[known]
        self._running[run.state.run_id] = run
        run.start()


@cache
def _found_out() -> str:
    return isolation.obstacle()
