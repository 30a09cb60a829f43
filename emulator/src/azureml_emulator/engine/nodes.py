"""One attempt of a run on the nodes it got: prepared, started, watched, ended, brought home."""

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from azureml_emulator.engine.agents import Agent
from azureml_emulator.engine.assigning import Site, assign
from azureml_emulator.engine.contract import RunError, Status, WorkOrder
from azureml_emulator.engine.distribution import workers_of
from azureml_emulator.engine.inputs import output_folder
from azureml_emulator.engine.layout import LogNames, NodeFolders, make_temporary
from azureml_emulator.engine.node.assignment import Status as NodeReport
from azureml_emulator.engine.outcome import Outcome, failed, verdict
from azureml_emulator.engine.records import Record
from azureml_emulator.engine.staging import Stopped

if TYPE_CHECKING:
    from azureml_emulator.engine.clusters import Lease
    from azureml_emulator.engine.running import Run


_BETWEEN_LOOKS = 0.3
"""Seconds between two looks for changed files."""


class Preempted(Exception):
    """The nodes were taken back; the run is to be queued again."""


class _Looking:
    """Tells files while the script runs, in a thread of its own: a slow listener holds up neither logs nor a cancel."""

    def __init__(self, run: "Run", works: list[Path]) -> None:
        self._run = run
        self._works = works
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name=f"files of {run.state.run_id}", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_BETWEEN_LOOKS):
            for work in self._works:
                self._run.look(work)


class Attempt:
    """The processes of a run while they go."""

    def __init__(self, run: "Run", record: Record, order: WorkOrder, site: Site, lease: "Lease") -> None:
        self._run = run
        self._record = record
        self._order = order
        self._site = site
        self._lease = lease
        self._names = LogNames(order.layout, lease.nodes[0])
        self._workers = workers_of(order.distribution, lease.nodes)
        self._agents: list[Agent] = []
        self._work = NodeFolders(Path("/"), order.run_id)

    def run(self, obstacle: str) -> Outcome:
        """All of it. Raises Preempted, RunFailed, BadOrder, Stopped or Closing; nothing is left running then."""
        tasks = [
            assign(self._order, self._site, self._workers, self._names, self._record.node(index), index)
            for index in range(len(self._lease.nodes))
        ]
        self._say(self._names.execution, f"Starting run {self._order.run_id} on {', '.join(self._lease.nodes)}")
        self._say_inputs(obstacle)
        try:
            for index, task in enumerate(tasks):
                make_temporary(self._record.node(index))
                self._agents.append(Agent(self._record.node(index), task))
            with _Looking(self._run, self._works()):
                try:
                    outcome = self._watch()
                except Stopped:
                    outcome = Outcome(Status.CANCELED)
                self._end_all()
            return self._bring_home(outcome)
        finally:
            for agent in self._agents:
                agent.end()
            for agent in self._agents:
                agent.close()

    def _say(self, name: str, text: str) -> None:
        """Add a line to a log of the system's."""
        path = self._record.logs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with path.open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(f"{now} {text}\n")

    def _say_inputs(self, obstacle: str) -> None:
        for item in self._order.inputs:
            if item.mode != "direct":
                done = "Mounting" if item.mode == "mount" else "Downloading"
                self._say(self._names.preparation, f"{done} the dataset {item.name}")
        if obstacle:
            self._say(
                self._names.preparation,
                f"This machine allows no mounts ({obstacle}): a mounted dataset is a copy without write permissions, "
                "and processes are not kept apart",
            )
            if self._site.disk_bytes is not None:
                self._say(self._names.preparation, "and the node's disk can't be limited")

    def _reports(self) -> list[NodeReport]:
        return [agent.status() for agent in self._agents]

    def _watch(self) -> Outcome:
        """Wait for the end of the script, or what ends it."""
        deadline = None
        while True:
            reports = self._reports()
            if deadline is None and all(report["phase"] != "preparing" for report in reports):
                self._started()
                deadline = time.monotonic() + (self._order.timeout or float("inf"))
            outcome = verdict(self._workers, reports, self._names, self._site.logs)
            if outcome is not None:
                return outcome
            if self._lease.lost:
                raise self._loss()
            if deadline is not None and time.monotonic() > deadline:
                return self._timeout()
            self._run.pause()

    def _started(self) -> None:
        if all(not report["error"] for report in self._reports()):
            self._run.change(Status.RUNNING, started=time.time())

    def _loss(self) -> Exception:
        self._end_all()
        if self._lease.preempted:
            self._say(self._names.execution, f"{self._lease.lost}; the run is queued again")
            return Preempted()
        if self._lease.deleted:
            return failed("ComputeUnavailable", "The compute target was deleted while the run went on on it.")
        return failed("NodeLost", f"The run can't go on: {self._lease.lost}.", service=True)

    def _timeout(self) -> Outcome:
        """As the SDK says of `max_run_duration_seconds`: the system cancels the run."""
        message = f"The run took longer than its maximum duration of {self._order.timeout:g} seconds and was canceled."
        return Outcome(Status.CANCELED, error=RunError(code="UserError", kind="Timeout", message=message))

    def _works(self) -> list[Path]:
        """Each node's working folder, as seen from here."""
        return [agent.seen(NodeFolders(agent.folder, self._order.run_id).work) for agent in self._agents]

    def _end_all(self) -> None:
        for agent in self._agents:
            agent.end()
        for agent in self._agents:
            agent.wait()

    def _bring_home(self, outcome: Outcome) -> Outcome:
        """After the last process has ended: all that is not uploaded yet."""
        if outcome.status is not Status.CANCELED:
            self._run.change(Status.FINALIZING, exit_code=outcome.exit_code, error=outcome.error)
        for work in self._works():
            self._run.bring_home(work)
        for agent in self._agents:
            for output in self._order.outputs:
                folder = output_folder(output, NodeFolders(agent.folder, self._order.run_id))
                self._run.bring_output(output.name, agent.seen(folder))
        for name in self._run.refusals:
            self._say(self._names.clean_up, f"Not uploaded, because it leads out of the working folder: {name}")
        words = f"exit code {outcome.exit_code}" if outcome.exit_code is not None else outcome.status.value
        self._say(self._names.execution, f"The run has ended: {words}")
        return outcome
