"""Carrying out what was planned for datasets, and finding at submit the version that a run is to take."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainferry.errors import BackendError
from trainferry.specs.plan import ActionKind
from trainferry_azureml.data import plan_upload, upload
from trainferry_azureml.inputs.choosing import hash_cache, place_of
from trainferry_azureml.inputs.datastore import open_datastore
from trainferry_azureml.inputs.references import full_address, is_file
from trainferry_azureml.inputs.registry import Registered, find_dataset, register_path

if TYPE_CHECKING:
    from trainferry.progress import Report
    from trainferry.specs.job import Job
    from trainferry.specs.plan import Action
    from trainferry_azureml.session import Session


def bring(action: "Action", session: "Session", report: "Report") -> dict[str, Any]:
    """Apply one action on a dataset: send what is missing, or register the version. Facts worth keeping come back."""
    payload = action.payload
    if action.kind is ActionKind.UPLOAD:
        _send(payload, session, report)
        return {}
    if action.kind is ActionKind.REGISTER:
        found = _registered(payload, session, report)
        return {"name": found.name, "version": found.version}
    return {}


def _send(payload: dict[str, Any], session: "Session", report: "Report") -> str:
    """Upload the data of a payload, unless it is there; returns the place that is registered."""
    path, workspace = Path(payload["path"]), session.workspace()
    store = open_datastore(session, workspace)
    patience = session.patience
    plan = plan_upload(path, store.access, cache=hash_cache(session), patience=patience, report=report)
    if payload.get("hash") not in (None, plan.version.hash):
        raise BackendError(
            f"the dataset '{payload['name']}' has changed since the plan was made; nothing was submitted",
            remedy="run it again: what was checked and what runs must be the same",
        )
    upload(plan, report, connections=session.settings.connections, patience=patience)
    return place_of(plan, store, workspace, path)


def _registered(payload: dict[str, Any], session: "Session", report: "Report") -> Registered:
    workspace, name = session.workspace(), str(payload["name"])
    if "uri" in payload:
        uri = str(payload["uri"])
        return register_path(
            session, workspace, name, uri, single=is_file(uri), description=str(payload.get("description") or "")
        )
    where = payload.get("place") or _send(payload, session, report)
    return register_path(
        session,
        workspace,
        name,
        str(where),
        single=bool(payload["single"]),
        description=str(payload.get("description") or ""),
        hash_=str(payload.get("hash") or ""),
    )


def version_for_run(name: str, job: "Job", payload: dict[str, Any], session: "Session") -> Registered:
    """The version of a dataset that a run takes. One that somebody replaced since it was registered is put back."""
    spec, workspace = job.datasets[name], session.workspace()
    if spec.name is not None:
        found = find_dataset(session, workspace, spec.name, spec.version)
        if found is None:
            raise BackendError(f"the workspace has no dataset '{spec.name}' any more", remedy="run 'ferry plan' again")
        return found
    if spec.uri is not None:
        uri = full_address(spec.uri, workspace.coordinates)
        return register_path(session, workspace, name, uri, single=is_file(uri), description=spec.description)
    return _registered(payload, session, lambda _event: None)
