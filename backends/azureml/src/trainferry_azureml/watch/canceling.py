"""Ending a run, and waiting until Azure says that it has ended."""

import time
from typing import TYPE_CHECKING, Any

from trainferry.errors import BackendError, RunNotFound
from trainferry_azureml.submit.naming import Reference
from trainferry_azureml.watch.history import find_run
from trainferry_azureml.watch.states import status_of

if TYPE_CHECKING:
    from trainferry_azureml.session import Session

_PAUSE = 0.2
_LONGEST_PAUSE = 5.0
_AGAIN = 30.0
"""Seconds after which a cancel that shows no effect is asked for once more."""


def cancel(session: "Session", ref: str) -> None:
    """End a run; returns when it has ended. One that had ended before is left as it is.

    azureml-core's own cancel takes an answer of 404 for a success, and returns while the run still goes. Raises
    RunNotFound if Azure doesn't know the run, BackendError if it is still not at its end after `cancel_seconds`.
    """
    reference = Reference.parse(ref)
    deadline = time.monotonic() + session.settings.cancel_seconds
    asked, pause = 0.0, _PAUSE
    while True:
        run = _run(session, reference)
        if status_of(run).state.final:
            return
        if not asked or time.monotonic() - asked > _AGAIN:
            _ask(session, reference, run)
            asked = time.monotonic()
        if time.monotonic() > deadline:
            raise BackendError(
                f"the run {reference.run} was told to end, and after {session.settings.cancel_seconds:.0f} s it is "
                f"still '{run.get('status')}'",
                remedy="ask again in a while: ferry cancel; the portal can remove its node, under Compute",
            )
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _run(session: "Session", reference: Reference) -> dict[str, Any]:
    run = find_run(session, session.workspace(reference.coordinates), reference.run)
    if run is None:
        raise RunNotFound(f"Azure knows no run {reference.run}", remedy="'ferry runs --remote' lists those it knows")
    return run


def _ask(session: "Session", reference: Reference, run: dict[str, Any]) -> None:
    workspace = session.workspace(reference.coordinates)
    path = f"/experiments/{reference.experiment}/runId/{reference.run}/cancel"
    address = workspace.url("api", "execution/v1.0", path)
    told = str(run.get("cancelUri") or "")
    if told.startswith(workspace.services["api"]):
        address = told
    session.http.answer("POST", address, f"cancel the run {reference.run}", json={})
