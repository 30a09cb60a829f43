"""How runs stand, from any client: what their supervisors wrote, and whether those still live."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trainferry.errors import RunNotFound
from trainferry.results import FoundRun
from trainferry.specs.run import RunState, RunStatus
from trainferry_local.orphans import end_orphans
from trainferry_local.supervision import layout, locks, queueing, states
from trainferry_local.supervision.layout import Run
from trainferry_local.supervision.request import read_request
from trainferry_local.supervision.states import State

_LONGEST = 255
"""Bytes in the name of a file (NAME_MAX of Linux, limits.h)."""
_LOST = "its supervisor was killed, or the machine went down; what the script wrote until then is kept; run it again"


def find(home: Path, ref: str) -> Run:
    """The run of that reference; RunNotFound if it isn't here."""
    run = Run(str(home), ref)
    if not is_name(ref) or states.read_state(run) is None:
        raise RunNotFound(f"no run {ref} is kept in {home}", remedy="'ferry runs' lists the runs of this user")
    return run


def is_name(ref: str) -> bool:
    """Whether a reference can be the name of a folder of ours: nothing that leads elsewhere, or is too long."""
    return ref not in {"", ".", ".."} and "/" not in ref and "\0" not in ref and len(os.fsencode(ref)) <= _LONGEST


def status_of(run: Run) -> RunStatus | None:
    """How a run stands; None if there is no such run. If its supervisor died, it is noted as lost, its rest ended."""
    state = states.read_state(run)
    if state is None:
        return None
    if state.name == states.RUNNING:
        with decision(run) as free:
            state = states.read_state(run) or state
            if free and state.name == states.RUNNING:
                end_orphans(run.id)
                state = State(states.LOST, reason=_LOST, started=state.started, ended=time.time())
                states.write_last_state(run, state)
    elif state.name == states.QUEUED:
        requeue(run)
    return RunStatus(RunState(state.name), state.exit_code, state.reason, state.started, state.ended)


@contextmanager
def decision(run: Run) -> Iterator[bool]:
    """The right to decide on a run while the block lasts; False if its supervisor, or another client, has it."""
    try:
        descriptor = locks.try_lock(run.lock)
    except FileNotFoundError:  # the run's folder was deleted just now
        descriptor = None
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            locks.release(descriptor)


def requeue(run: Run) -> None:
    """Put a waiting run into the queue if it isn't there: its client may have been killed before it did."""
    state = states.read_state(run)
    if state is None or state.name != states.QUEUED:
        return
    try:
        entry = layout.entry_name(read_request(run).queued_at, run.id)
        queueing.add(run.home, entry)
        again = states.read_state(run)
        if again is None or again.name != states.QUEUED:  # it was claimed meanwhile; nobody may wait for it any more
            queueing.remove(run.home, entry)
    except ValueError as error:
        with decision(run) as free:
            if free:
                states.write_last_state(run, State(states.FAILED, reason=str(error), ended=time.time()))


def find_runs(home: Path, experiment: str | None, run_id: str | None) -> list[FoundRun]:
    """The runs kept here that fit, by id."""
    if run_id is not None:
        names = [run_id] if is_name(run_id) else []
    else:
        names = sorted(path.name for path in (home / "runs").iterdir()) if (home / "runs").is_dir() else []
    found = []
    for name in names:
        run = Run(str(home), name)
        status = status_of(run)
        if status is None:
            continue
        try:
            tags = read_request(run).tags
        except ValueError:
            tags = {}
        own = tags.pop("", "")
        if experiment is None or own == experiment:
            found.append(FoundRun(name, name, status, own, tags))
    return found
