"""Azure's states of a run in our words, and why a run failed in the user's."""

import re
from datetime import datetime
from typing import Any

from trainferry.specs.run import RunState, RunStatus
from trainferry_azureml.service.errors import words_of

STATES = {
    "notstarted": RunState.QUEUED,
    "starting": RunState.QUEUED,
    "provisioning": RunState.QUEUED,
    "preparing": RunState.QUEUED,
    "queued": RunState.QUEUED,
    "running": RunState.RUNNING,
    "finalizing": RunState.RUNNING,
    "cancelrequested": RunState.RUNNING,
    "paused": RunState.RUNNING,
    "notresponding": RunState.RUNNING,
    "completed": RunState.COMPLETED,
    "failed": RunState.FAILED,
    "canceled": RunState.CANCELED,
    "unapproved": RunState.FAILED,
}
"""As azureml-core 1.61 lists them at `Run.get_status`. While `preparing`, the image is being built: the run waits."""
_EXIT = re.compile(r"exit(?:ed)?(?: with)?(?: status)?(?: code)?s?[\s:=]+\W?(-?\d+)", re.IGNORECASE)


def status_of(run: dict[str, Any]) -> RunStatus:
    """The status that a run's document stands for."""
    state = STATES.get(str(run.get("status", "")).lower(), RunState.QUEUED)
    code, reason = None, ""
    if state is RunState.FAILED:
        reason = reason_of(run)
        code = exit_code_of(run, reason)
    elif state is RunState.COMPLETED:
        code = 0
    elif state is RunState.CANCELED:
        reason = "canceled"
    started, ended = moment(run.get("startTimeUtc")), moment(run.get("endTimeUtc"))
    return RunStatus(state, code, reason, started, ended if state.final else None)


def reason_of(run: dict[str, Any]) -> str:
    """Why a run failed, in the service's words."""
    code, words = words_of(run.get("error") or {})
    return words or code or "Azure gives no reason; its log may"


def exit_code_of(run: dict[str, Any], reason: str) -> int | None:
    """The script's exit code, from a property or from the words of the error; None if neither tells."""
    told = str((run.get("properties") or {}).get("ExitCode", ""))
    if re.fullmatch(r"-?\d+", told):
        return int(told)
    match = _EXIT.search(reason)
    return int(match.group(1)) if match else None


def moment(text: str | None) -> float | None:
    """Seconds since the epoch of a time as Azure writes it (ISO 8601, up to seven digits of a second, UTC)."""
    if not text:
        return None
    match = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?", text)
    if not match:
        return None
    whole = datetime.fromisoformat(f"{match.group(1)}+00:00").timestamp()
    return whole + float(match.group(2) or 0)
