"""Removing what is kept of a run that has ended."""

import os
import time
from pathlib import Path

from trainferry.errors import BackendError
from trainferry_local.supervision import states
from trainferry_local.supervision.layout import Run
from trainferry_local.supervision.leftovers import remove_folder
from trainferry_local.watching import decision, is_name

_PATIENCE = 10.0
"""Seconds that a supervisor may take to tidy up after the last state of a run is written."""


def tear_down(resource: str, home: Path) -> bool:
    """Remove a run's folder, given as `run:ID`; one that isn't there is removed already. BackendError if it goes on.

    The folder leaves its place as a whole, so that no look at it finds half a run; a removal that is killed is finished
    by the next submit, as for any draft.
    """
    kind, _, name = resource.partition(":")
    if kind != "run" or not is_name(name):
        raise BackendError(
            f"{resource} stays: other jobs with the same content use it",
            remedy="'ferry config cache' names the folder whose environments/ holds it; delete it there by hand",
        )
    run = Run(str(home), name)
    going = home / "drafts" / f"{name}.{os.getpid()}.{time.time_ns()}"
    deadline = time.monotonic() + _PATIENCE
    while not _moved(run, going, last_try=time.monotonic() > deadline):
        time.sleep(0.01)
    remove_folder(str(going))
    if going.exists():
        raise BackendError(f"some files of the run {name} can't be deleted", remedy=f"delete {going} by hand")
    return True


def _moved(run: Run, going: Path, *, last_try: bool) -> bool:
    """Whether the run is out of its place; False while a supervisor that is done with it still tidies up."""
    state = states.read_state(run)
    if state is None:
        return True
    with decision(run) as free:
        if free and state.final:
            Path(run.folder).rename(going)
            return True
    if last_try or not state.final:
        raise BackendError(f"the run {run.id} goes on", remedy=f"end it first: ferry cancel {run.id}")
    return False
