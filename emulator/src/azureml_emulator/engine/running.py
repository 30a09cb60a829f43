"""One run, from its order to its end, in a thread of its own."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from azureml_emulator.engine.assigning import Site
from azureml_emulator.engine.clusters import ClusterError, Clusters, Lease
from azureml_emulator.engine.contract import Events, Image, ImageState, RunError, RunState, Status, WorkOrder
from azureml_emulator.engine.definition import read_definition
from azureml_emulator.engine.faults import Faults
from azureml_emulator.engine.images import Images
from azureml_emulator.engine.inputs import BadOrder
from azureml_emulator.engine.layout import BUILD_LOG
from azureml_emulator.engine.nodes import Attempt, Preempted
from azureml_emulator.engine.outcome import Outcome, RunFailed, failed
from azureml_emulator.engine.records import Record
from azureml_emulator.engine.remains import outcome_of_remains
from azureml_emulator.engine.staging import Stage, StageFailed, Stopped
from azureml_emulator.engine.telling import Teller

_LOGGER = logging.getLogger(__name__)

TICK = 0.1
"""Seconds between two looks at a run."""

_PATIENCE = 300.0
"""Seconds for which the last files and log lines of a run are offered to somebody who can't take them."""


class Closing(Exception):
    """The emulator is being stopped; the next one goes on with the run."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all runs of an engine share."""

    images: Images
    stage: Stage
    clusters: Clusters
    faults: Faults
    events: Events
    obstacle: Callable[[], str]
    """Why nodes can't be kept apart on this machine; empty if they can."""
    closing: threading.Event
    grace: float


class Run(threading.Thread):
    """Carries one order out.

    A daemon, as a process that ends without `Engine.close` shall not wait for it: its end is as good as a kill.
    """

    def __init__(self, record: Record, around: Surroundings) -> None:
        super().__init__(name=f"run {record.run_id}", daemon=True)
        self._record = record
        self._around = around
        self._teller = Teller(record, around.events)
        self.state: RunState = record.state()

    @property
    def _cancel_mark(self) -> Path:
        return self._record.folder / "cancel"

    def cancel(self) -> None:
        """Have it end; returns at once. Kept on disk, so that it counts after a restart as well."""
        if not self.state.status.final:
            self._cancel_mark.touch()

    def stopped(self) -> bool:
        """Whether it shall go no further."""
        return self._around.closing.is_set() or self._cancel_mark.exists()

    def run(self) -> None:
        """The whole way, or the rest of it that an earlier emulator left."""
        try:
            try:
                if not self.state.status.final:
                    self._end(self._outcome())
            except (Closing, Stopped):
                raise Closing from None
            except Exception as error:
                _LOGGER.exception("the run %s can't go on", self._record.run_id)
                problem = RunError(
                    code="ServiceError", kind="InternalError", message=f"{type(error).__name__}: {error}"
                )
                self._end(Outcome(Status.FAILED, error=problem))
            try:
                self._insist(lambda: self._teller.tell_logs(all_of_it=True), _PATIENCE)
            except RunFailed:
                _LOGGER.exception(
                    "the end of a log of the run %s is lost: nobody could hear of it", self._record.run_id
                )
            self._insist(lambda: self._teller.tell_state(self.state), None)
            self._record.forget_work()
        except Closing:
            return

    def change(self, status: Status, **more: object) -> None:
        """Note a new state and tell it."""
        self.state = self.state.model_copy(update={"status": status, **more})
        self._record.set_state(self.state)
        self._teller.tell_state(self.state)

    def pause(self) -> None:
        """Tell what is new, then wait a moment. Raises Closing or Stopped if the run shall go no further."""
        self._teller.tell_state(self.state)
        self._teller.tell_logs()
        if self._around.closing.wait(TICK):
            raise Closing
        if self._cancel_mark.exists():
            raise Stopped

    def _outcome(self) -> Outcome:
        try:
            order = self._record.order()
            remains = outcome_of_remains(self._record, self.state, order)
            if remains is None:
                self._record.forget_nodes()
                return self._carry_out(order)
            outcome, work = remains
            if work is not None:
                self.bring_home(work)
        except RunFailed as error:
            return Outcome(Status.FAILED, error=error.error, exit_code=error.error.exit_code)
        except BadOrder as error:
            return Outcome(Status.FAILED, error=failed("InvalidRun", str(error)).error)
        except Stopped:
            if self._around.closing.is_set():
                raise
            return Outcome(Status.CANCELED)
        return outcome

    def _end(self, outcome: Outcome) -> None:
        """Note the end; it is told afterwards, when all else was."""
        self.state = self.state.model_copy(
            update={
                "status": outcome.status,
                "exit_code": outcome.exit_code,
                "error": outcome.error,
                "ended": time.time(),
            }
        )
        self._record.set_state(self.state)

    def _carry_out(self, order: WorkOrder) -> Outcome:
        self._teller.tell_state(self.state)
        definition = self._definition(order)
        image = self._image(order)
        while True:
            self.change(Status.QUEUED)
            try:
                lease = self._nodes(order)
                self.state = self.state.model_copy(update={"nodes": lease.nodes})
                site = Site(
                    python=self._around.images.python(image),
                    environment=definition,
                    snapshot=self._bring(order.snapshot, "SnapshotNotFound"),
                    staged={
                        item.source: self._bring(item.source, "DatasetNotFound") for item in order.inputs if item.source
                    },
                    separate=not self._around.obstacle(),
                    disk_bytes=self._around.faults.disk_of(order.cluster),
                    logs=self._record.logs,
                    grace=self._around.grace,
                )
                return Attempt(self, self._record, order, site, lease).run(self._around.obstacle())
            except Preempted:
                self._record.forget_nodes()
                self.state = self.state.model_copy(
                    update={"attempt": self.state.attempt + 1, "nodes": (), "started": None}
                )
            finally:
                self._around.clusters.withdraw(order.cluster, order.run_id)

    def _definition(self, order: WorkOrder) -> dict[str, str]:
        try:
            return read_definition(order.environment).variables
        except ValueError as error:
            raise failed("InvalidEnvironment", str(error)) from error

    def _image(self, order: WorkOrder) -> Image:
        """The run's image, built while its log is told."""
        images = self._around.images
        log = self._record.logs / BUILD_LOG
        build = images.request(order.environment)
        copied = 0
        while True:
            done = build.done
            if (build.needed or build.image.state is ImageState.FAILED) and build.image.log.exists():
                copied = _append(build.image.log, copied, log)
            if done:
                break
            self.pause()
        if build.image.state is ImageState.FAILED:
            message = f"Image build failed. For more details, check log file {BUILD_LOG}. {build.image.reason}"
            raise failed("ImageBuildFailure", message, log=BUILD_LOG)
        return build.image

    def _nodes(self, order: WorkOrder) -> Lease:
        while True:
            try:
                lease = self._around.clusters.acquire(order.cluster, order.run_id, order.distribution.nodes)
            except ClusterError as error:
                raise failed("ComputeUnavailable", str(error)) from error
            if lease is not None:
                return lease
            self.pause()

    def _bring(self, source: str, kind: str) -> Path:
        try:
            return self._around.stage.bring(source, self.stopped)
        except StageFailed as error:
            raise failed(kind, str(error)) from error

    def look(self, work: Path) -> None:
        """Tell the files of a working folder that are new; what isn't heard, the next look tells."""
        self._teller.tell_files(work)

    def bring_home(self, work: Path) -> None:
        """Tell the files of a working folder that are new, until all were heard."""
        self._insist(lambda: self._teller.tell_files(work), _PATIENCE)

    def bring_output(self, name: str, folder: Path) -> None:
        """Tell the files of an output, until all were heard."""
        self._insist(lambda: self._teller.tell_output(name, folder), _PATIENCE)

    @property
    def refusals(self) -> list[str]:
        """Files of the run that are not taken."""
        return self._teller.refusals

    def _insist(self, tell: Callable[[], bool], patience: float | None) -> None:
        """Repeat until everything was heard. RunFailed if that takes longer than `patience` seconds."""
        deadline = None if patience is None else time.monotonic() + patience
        pause = TICK
        while not tell():
            if deadline is not None and time.monotonic() > deadline:
                raise failed("OutputsNotUploaded", "The run's files could not be uploaded.", service=True)
            if self._around.closing.wait(pause):
                raise Closing
            pause = min(pause * 2, 2.0)


def _append(source: Path, offset: int, target: Path) -> int:
    """Copy what a log has grown by; returns its size."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as stream, target.open("ab") as copy:
        stream.seek(offset)
        data = stream.read()
        copy.write(data)
    return offset + len(data)
