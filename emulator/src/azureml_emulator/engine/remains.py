"""Runs that an earlier emulator left in the middle, because it was stopped or killed."""

import contextlib
import os
import signal
import time
from pathlib import Path

from azureml_emulator.engine.agents import last_status
from azureml_emulator.engine.contract import RunError, RunState, Status, WorkOrder
from azureml_emulator.engine.distribution import workers_of
from azureml_emulator.engine.layout import LogNames, NodeFolders
from azureml_emulator.engine.outcome import Outcome, verdict
from azureml_emulator.engine.records import Record

_PATIENCE = 15.0
"""Seconds to wait for killed processes to be gone."""


def outcome_of_remains(record: Record, state: RunState, order: WorkOrder) -> tuple[Outcome, Path | None] | None:
    """How a run ended whose emulator is gone, and the working folder that is left, if any; None if it never started.

    Waits for its agents, which end by themselves when the emulator does, and ends what they could not.
    """
    reports = [last_status(folder) for folder in record.nodes()]
    if reports:
        end_orphans(record.folder)
    if state.status in {Status.PREPARING, Status.QUEUED} and all(
        r is None or r["phase"] == "preparing" for r in reports
    ):
        return None
    work = NodeFolders(record.node(0), order.run_id).work
    left = work if work.is_dir() else None
    if state.status is Status.FINALIZING:
        status = Status.FAILED if state.error else Status.COMPLETED
        return Outcome(status, exit_code=state.exit_code, error=state.error), left
    if (record.folder / "cancel").exists():
        return Outcome(Status.CANCELED), left
    known = [report for report in reports if report is not None]
    if len(known) == order.distribution.nodes:
        names = LogNames(order.layout, state.nodes[0] if state.nodes else "node")
        nodes = state.nodes or ("node",) * order.distribution.nodes
        outcome = verdict(workers_of(order.distribution, nodes), known, names, record.logs)
        if outcome is not None and (outcome.status is Status.COMPLETED or outcome.exit_code is not None):
            return outcome, left
    message = "The emulator was stopped while the run was going on, and the script was ended with it. Submit it again."
    return Outcome(Status.FAILED, error=RunError(code="ServiceError", kind="EmulatorStopped", message=message)), left


def end_orphans(folder: Path) -> None:
    """Kill processes that still have the folder of a run as their home: its agent was killed before it could."""
    deadline = time.monotonic() + _PATIENCE
    while (found := _carriers(os.fsencode(f"HOME={folder}/"))) and time.monotonic() < deadline:
        for process in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.005)


def _carriers(mark: bytes) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(part.startswith(mark) for part in (process / "environ").read_bytes().split(b"\0")):
                found.append(int(process.name))
    return found
