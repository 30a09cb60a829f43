"""How a run ends: the verdict over its processes, in words that name the cause."""

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from azureml_emulator.engine.contract import RunError, Status
from azureml_emulator.engine.distribution import Worker
from azureml_emulator.engine.layout import LogNames
from azureml_emulator.engine.node.assignment import Status as NodeReport

_LINES, _BYTES = 20, 4000
"""Of the log, at most, in an error."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a run."""

    status: Status
    exit_code: int | None = None
    error: RunError | None = None


class RunFailed(Exception):
    """The run ends here, before or beside its script."""

    def __init__(self, error: RunError) -> None:
        super().__init__(error.message)
        self.error = error


def failed(kind: str, message: str, *, service: bool = False, log: str = "") -> RunFailed:
    """An end by the user's fault, or by the service's."""
    return RunFailed(RunError(code="ServiceError" if service else "UserError", kind=kind, message=message, log=log))


def verdict(workers: Sequence[Worker], reports: Sequence[NodeReport], names: LogNames, logs: Path) -> Outcome | None:
    """The outcome that the nodes' reports amount to; None while the script goes on."""
    for report in reports:
        if report["error"]:
            return Outcome(Status.FAILED, error=_of_node(report))
    places: dict[int, int] = {}
    codes: list[int | None] = []
    for worker in workers:
        place = places[worker.node] = places.get(worker.node, -1) + 1
        codes.append(reports[worker.node]["codes"].get(str(place)))
    for worker, code in zip(workers, codes, strict=True):
        if code:
            return _of_script(code, names.script(worker.role, worker.index, alone=len(workers) == 1), logs)
    if all(code == 0 for worker, code in zip(workers, codes, strict=True) if worker.counts):
        return Outcome(Status.COMPLETED, exit_code=0)
    return None


def _of_node(report: NodeReport) -> RunError:
    if report["errno"] == errno.ENOSPC:
        message = (
            f"No space left on the node's disk: {report['error']}. Use a VM size with a larger disk, or less data."
        )
        return RunError(code="UserError", kind="DiskFull", message=message)
    return RunError(code="ServiceError", kind="NodeFailed", message=report["error"])


def _of_script(code: int, log: str, logs: Path) -> Outcome:
    shown = code if code > 0 else 128 - code  # as a shell and a container do for a signal
    signal = f" (ended by signal {-code})" if code < 0 else ""
    message = (
        f"Execution failed. User process 'python' exited with status code {shown}{signal}. "
        f"Please check log file '{log}' for error details. Error: {last_lines(logs / log)}"
    )
    error = RunError(code="UserError", kind="ScriptFailed", message=message, exit_code=shown, log=log)
    return Outcome(Status.FAILED, exit_code=shown, error=error)


def last_lines(log: Path) -> str:
    """The end of a log; a few lines of it at most."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - _BYTES))
            text = stream.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.rstrip().splitlines()[-_LINES:])
