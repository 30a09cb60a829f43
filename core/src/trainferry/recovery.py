"""Bringing the run store up to date with the backends, and closing the gap that a killed client left."""

import os
import time
import warnings
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.errors import CapabilityMissing, FerryError, RunNotFound
from trainferry.specs.run import RunRecord, RunState, RunStatus

if TYPE_CHECKING:
    from trainferry.backend import Backend
    from trainferry.runs import RunStore


class RunsWarning(UserWarning):
    """Some runs are shown as they were last known, because their backend can't be asked."""


@cache
def this_client() -> str:
    """This process as `host:pid:start`, where start tells it from a later process that got the same pid."""
    return f"{os.uname().nodename}:{os.getpid()}:{_started(os.getpid())}"


def _started(pid: int) -> str:
    """Start time of a process in clock ticks since boot (field 22 of proc(5) stat); empty where there is no /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def client_alive(client: str) -> bool:
    """Whether the process that a record names may still be at work; one on another host is taken to be."""
    host, _, rest = client.partition(":")
    pid, _, started = rest.partition(":")
    if host != os.uname().nodename:
        return True
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return _started(int(pid)) == started


def recover(store: "RunStore", backend: "Backend", record: RunRecord) -> RunRecord:
    """A run whose submit was interrupted: give it its reference if the target has it, else return it as it was."""
    with suppress(CapabilityMissing):
        for found in backend.find_runs(run_id=record.id):
            if found.run_id == record.id:
                old, record = store.update(record.id, ref=found.ref, state=found.status.state)
                tell(backend, old, record)
    return record


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A backend that could not be asked, the cause, and the ids of the runs that therefore stand as last known."""

    backend: str
    error: FerryError | OSError
    runs: tuple[str, ...]

    def __str__(self) -> str:
        """What happened, to which runs, and what to do, for a warning."""
        shown = "its run is" if len(self.runs) == 1 else f"its {len(self.runs)} runs are"
        error = self.error if isinstance(self.error, FerryError) else f"{type(self.error).__name__}: {self.error}"
        return f"the backend '{self.backend}' can't be asked, and {shown} shown as last known: {error}"


def warn(unanswered: Unanswered) -> None:
    """Say it as a RunsWarning, once for each place of the program that asks."""
    warnings.warn(str(unanswered), RunsWarning, stacklevel=4)


def refresh(
    store: "RunStore",
    backend_of: Callable[[str], "Backend"],
    records: list[RunRecord],
    unanswered: Callable[[Unanswered], None] | None = None,
) -> list[RunRecord]:
    """The records with what the backends say now: one poll for each backend.

    A backend that can't be asked (FerryError, or OSError as the network has it) stops the rest, unless `unanswered` is
    there to be told: then its records come back as they were.
    """
    news: dict[str, RunRecord] = {}
    by_backend: dict[str, list[RunRecord]] = defaultdict(list)
    for record in records:
        if not record.state.final:
            by_backend[record.backend].append(record)
    for name, open_records in by_backend.items():
        known = {record.ref: record for record in open_records if record.ref is not None}
        try:
            backend = backend_of(name)
            for record in open_records:
                if record.ref is None and not client_alive(record.client):
                    news[record.id] = _abandoned(store, backend, record)
            statuses = backend.poll(list(known)) if known else {}
        except (FerryError, OSError) as error:
            if unanswered is None:
                raise
            unanswered(Unanswered(name, error, tuple(one.id for one in open_records if one.id not in news)))
            continue
        for ref, record in known.items():
            news[record.id] = _take(store, backend, record, statuses.get(ref))
    return [news.get(record.id, record) for record in records]


def _abandoned(store: "RunStore", backend: "Backend", record: RunRecord) -> RunRecord:
    found = recover(store, backend, record)
    if found.ref is not None:
        return found
    reason = "the client ended before the run was submitted; nothing was started; run it again"
    old, new = store.update(record.id, state=RunState.LOST, reason=reason, ended=time.time())
    tell(backend, old, new)
    return new


def tell(backend: "Backend", old: RunRecord, new: RunRecord) -> None:
    """Tell everyone who listens that a run moved on, if it did."""
    if new.state is not old.state:
        backend.run_changed(new, old.state, new.state)


def _take(store: "RunStore", backend: "Backend", record: RunRecord, status: RunStatus | None) -> RunRecord:
    if status is None:
        status = RunStatus(RunState.LOST, reason="the backend doesn't know the run any more", ended=time.time())
    told = status.state, status.started, status.reason
    if told == (record.state, record.started, record.reason):
        return record
    old, new = store.update(
        record.id,
        state=status.state,
        exit_code=status.exit_code,
        reason=status.reason,
        started=status.started,
        ended=status.ended,
    )
    tell(backend, old, new)
    return new


def require_ref(record: RunRecord) -> str:
    """The backend's reference of a run; RunNotFound if it was never submitted."""
    if record.ref is None:
        raise RunNotFound(
            f"the run {record.id} was never submitted: {record.reason or record.state}", remedy="run it again"
        )
    return record.ref
