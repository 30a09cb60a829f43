"""Running the rehearsal as a job of the backend that rehearses, and watching it to its end."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainferry.errors import BackendError, CapabilityMissing, FerryError
from trainferry.progress import Progress, Report
from trainferry.results import Evidence, FileEntry
from trainferry.specs.job import Job
from trainferry.specs.plan import ActionKind, Plan
from trainferry.specs.rehearsal import RehearsalRules
from trainferry.specs.run import RunState, RunStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainferry.backend import Backend

_PAUSE = 0.05
_LONGEST_PAUSE = 0.5
_MOST_LOG = 2_000_000
"""Characters of a log that are kept, from its end."""


class Impossible(FerryError):
    """The rehearsal can't be made here; the message says why."""


@dataclass(frozen=True, slots=True)
class Observed:
    """All that a rehearsal left."""

    status: RunStatus
    log: str
    files: "Sequence[FileEntry]"
    evidence: Evidence
    seconds: float
    timed_out: bool


def prepare(backend: "Backend", job: Job, run_id: str, rules: RehearsalRules, report: Report) -> Plan:
    """Plan the rehearsal and make its environment; Impossible if either can't be done here."""
    try:
        plan = backend.plan_rehearsal(job, run_id, rules)
    except CapabilityMissing as error:
        raise Impossible(
            f"the backend '{backend.name}' can't rehearse", remedy="let rehearse_on name one that can, such as local"
        ) from error
    if plan.errors:
        worst = plan.errors[0]
        raise Impossible(worst.message, remedy=worst.remedy)
    try:
        for action in plan.actions:
            if action.kind is not ActionKind.SUBMIT:
                backend.apply(action, report)
    except BackendError as error:
        raise Impossible(error.message, remedy=error.remedy) from error
    return plan


def run(backend: "Backend", plan: Plan, timeout: float, report: Report) -> Observed:
    """Submit, wait until it has ended or time is up, and collect what it left; nothing of it stays."""
    (submit,) = [action for action in plan.actions if action.kind is ActionKind.SUBMIT]
    ref = backend.apply(submit, report).ref
    if ref is None:
        raise BackendError(f"the backend '{backend.name}' gave no reference for the rehearsal")
    try:
        status, log, timed_out = _watch(backend, ref, timeout, report)
        report(Progress("looking at what it left"))
        evidence = backend.rehearsal_evidence(ref)
        seconds = (status.ended or time.time()) - (status.started or time.time())
        files = [entry for entry in backend.list_files(ref) if entry.path.startswith(("outputs/", "logs/"))]
        log = log.replace(f"{evidence.work}/", "").replace(f"{evidence.inputs}/", "inputs/")
        return Observed(status, log, files, evidence, max(0.0, seconds), timed_out)
    except BaseException:
        _end(backend, ref)
        raise


def _watch(backend: "Backend", ref: str, timeout: float, report: Report) -> tuple[RunStatus, str, bool]:
    """Follow to the end. A run that takes longer is canceled: its `timeout` is for the script, this for everything."""
    deadline, pause, cursor, log = time.monotonic() + timeout, _PAUSE, None, ""
    timed_out = False
    begun = time.monotonic()
    while True:
        chunk = backend.read_log(ref, cursor)
        cursor, log = chunk.cursor, (log + chunk.text)[-_MOST_LOG:]
        status = backend.poll([ref]).get(ref)
        if status is None:
            raise BackendError(f"the backend '{backend.name}' lost the rehearsal {ref}")
        if status.state.final and chunk.finished:
            return status, log, timed_out
        if time.monotonic() > deadline and not timed_out:
            timed_out = True
            backend.cancel(ref)
        pause = _PAUSE if chunk.text else min(pause * 1.5, _LONGEST_PAUSE)
        report(Progress("rehearsing", int(time.monotonic() - begun), int(timeout), "s"))
        if not status.state.final:
            time.sleep(pause)


def _end(backend: "Backend", ref: str) -> None:
    try:
        if not backend.poll([ref])[ref].state.final:
            backend.cancel(ref)
    except (FerryError, KeyError):
        return


def failed(observed: Observed) -> bool:
    """Whether the script ended other than well by itself."""
    return observed.status.state is not RunState.COMPLETED and not observed.timed_out
