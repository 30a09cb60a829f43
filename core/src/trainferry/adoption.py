"""Taking over runs that were submitted from another machine: from then on they are known here like any other."""

import time
from typing import TYPE_CHECKING

from trainferry.specs.job import Job
from trainferry.specs.run import RunRecord

if TYPE_CHECKING:
    from trainferry.backend import Backend
    from trainferry.results import FoundRun
    from trainferry.runs import RunStore


def adopt(store: "RunStore", backend: "Backend", experiment: str | None = None) -> list[RunRecord]:
    """Store the runs that the backend finds and the store doesn't have; returns them, newest first.

    A run that is here without its reference, because its client was killed, gets it. CapabilityMissing if the backend
    can't find runs.
    """
    known = {record.id: record for record in store.list(backend=backend.name)}
    new = []
    for found in backend.find_runs(experiment=experiment):
        record = known.get(found.run_id)
        if record is None:
            new.append(store.add(record_of(found, backend.name)))
        elif record.ref is None:
            store.update(record.id, ref=found.ref, state=found.status.state)
    return sorted(new, key=lambda record: -record.created)


def record_of(found: "FoundRun", backend: str) -> RunRecord:
    """The record of a run that a backend found. Of its job only what the target keeps is known."""
    status = found.status
    name = found.run_id.rpartition("-")[0] or found.run_id
    job = Job(
        name=name,
        experiment=found.experiment or None,
        script=found.script or "unknown.py",
        metrics=found.metrics,
        tags=dict(found.tags),
        description="Adopted from another machine: of the job only this much is known here.",
    )
    return RunRecord(
        id=found.run_id,
        ref=found.ref,
        backend=backend,
        experiment=found.experiment or name,
        job=job,
        folder=".",
        state=status.state,
        exit_code=status.exit_code,
        reason=status.reason,
        created=found.created or status.started or time.time(),
        started=status.started,
        ended=status.ended,
    )
