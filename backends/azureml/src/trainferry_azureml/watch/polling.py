"""The states of many runs at once, and the runs that carry an id of ours."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trainferry.errors import BackendError, RunNotFound
from trainferry.results import FoundRun
from trainferry.specs.run import RunState, RunStatus
from trainferry_azureml.submit.naming import METRICS_TAG, SCRIPT_TAG, TAG, Reference, azure_id
from trainferry_azureml.watch.history import experiments, find_by_ids, find_run, query, set_tags
from trainferry_azureml.watch.states import moment, status_of

if TYPE_CHECKING:
    from trainferry_azureml.session import Session
    from trainferry_azureml.workspace.coordinates import Coordinates
    from trainferry_azureml.workspace.opening import Workspace

_LAST_WORDS = 5
"""Lines of a failed run's log that its reason ends with."""
_TAGGED = f"(Tags/{TAG} ne null or Tags/{TAG} eq null)"
"""How azureml-core 1.61 asks whether a run has a tag at all (azureml/_restclient/_odata/constants.py)."""


def poll(session: "Session", refs: Sequence[str]) -> Mapping[str, RunStatus]:
    """The status of each run that Azure knows: one request for all runs of an experiment, a hundred at most."""
    groups: dict[tuple[Coordinates, str], dict[str, str]] = defaultdict(dict)
    for ref in refs:
        try:
            reference = Reference.parse(ref)
        except RunNotFound:
            continue
        groups[reference.coordinates, reference.experiment][reference.run] = ref
    found: dict[str, RunStatus] = {}
    for (coordinates, experiment), wanted in groups.items():
        workspace = session.find(coordinates)
        if workspace is None:
            continue
        for run in find_by_ids(session, workspace, experiment, wanted):
            known = wanted.get(str(run["runId"]))
            if known is not None:
                found[known] = _with_last_words(session, known, run)
    return found


def _with_last_words(session: "Session", ref: str, run: dict[str, Any]) -> RunStatus:
    """The status of a run; for a failed one with the last lines of its log, which tell more than Azure does."""
    status = status_of(run)
    if status.state is not RunState.FAILED:
        return status
    try:
        tail = session.logs.tail(Reference.parse(ref), _LAST_WORDS)
    except BackendError:  # the log is gone or out of reach: the state is still true
        return status
    head = f"exit code {status.exit_code}" if status.exit_code is not None else status.reason
    if not tail or tail.splitlines()[-1] in status.reason:
        return replace(status, reason=status.reason)
    return replace(status, reason=f"{head}; its last words:\n{tail}")


def find_runs(session: "Session", experiment: str | None, run_id: str | None) -> Sequence[FoundRun]:
    """The runs of the configured workspace that carry a run id of ours; by id also one whose tag is still missing."""
    workspace = session.find()
    if workspace is None:
        return []
    if run_id is not None:
        run = find_run(session, workspace, azure_id(run_id))
        if run is None:
            return []
        name = _experiment_of(session, workspace, run, experiment)
        if (run.get("tags") or {}).get(TAG) != run_id:
            set_tags(session, workspace, name, str(run["runId"]), {TAG: run_id})
            run["tags"] = {**(run.get("tags") or {}), TAG: run_id}
        return [_found(workspace, name, run)]
    names = [experiment] if experiment else experiments(session, workspace)
    return [_found(workspace, name, run) for name in names for run in query(session, workspace, name, _TAGGED)]


def _experiment_of(session: "Session", workspace: "Workspace", run: dict[str, Any], known: str | None) -> str:
    """Name of the experiment that a run is in; its document may tell only the experiment's id."""
    if run.get("experimentName") or known:
        return str(run.get("experimentName") or known)
    url = workspace.url("history", "history/v1.0", f"/experimentids/{run['experimentId']}")
    return str(session.http.json("GET", url, "look at the experiment")["name"])


def _found(workspace: "Workspace", experiment: str, run: dict[str, Any]) -> FoundRun:
    tags = {str(key): str(value) for key, value in (run.get("tags") or {}).items()}
    reference = Reference(workspace.coordinates, experiment, str(run["runId"]))
    own, script, metrics = tags.pop(TAG, ""), tags.pop(SCRIPT_TAG, ""), tags.pop(METRICS_TAG, None)
    created = moment(run.get("createdUtc"))
    return FoundRun(own or reference.run, str(reference), status_of(run), experiment, tags, script, metrics, created)
