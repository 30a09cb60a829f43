"""What a plan does about each dataset: upload what isn't there, register the version, or take what is in the cloud."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainferry.errors import BackendError
from trainferry.specs.plan import Action, ActionKind
from trainferry_azureml.data import UploadPlan, plan_upload
from trainferry_azureml.findings import finding, place
from trainferry_azureml.inputs.datastore import Datastore, open_datastore
from trainferry_azureml.inputs.references import full_address, in_datastore, require_data, shown
from trainferry_azureml.inputs.registry import dataflow_of, find_dataset

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from trainferry.specs.dataset import DatasetSpec
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job
    from trainferry_azureml.session import Session
    from trainferry_azureml.workspace.opening import Workspace


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a plan does about the datasets."""

    actions: tuple[Action, ...] = ()
    findings: "tuple[Finding, ...]" = ()


def choose_inputs(job: "Job", session: "Session", workspace: "Workspace | None") -> Chosen:
    """The actions that bring every dataset of a job to where a run can mount it. Reads only."""
    actions: list[Action] = []
    findings: list[Finding] = []
    store: Datastore | None = None
    for name, spec in job.datasets.items():
        try:
            path = job.dataset_path(name)
            if path is None:
                actions += _cloud(name, spec, session, workspace)
                continue
            if workspace is not None and store is None:
                store = open_datastore(session, workspace)
            actions += _local(name, spec, path, session, workspace, store)
        except BackendError as error:
            findings.append(
                finding("dataset-unusable", "error", error.message, error.remedy, place(job, "datasets", name))
            )
    return Chosen(tuple(actions), tuple(findings))


def hash_cache(session: "Session") -> "Path":
    """Folder in which the hashes of local files are remembered, so that only changed files are read again."""
    return session.site.cache / "azureml" / "hashes"


def _local(
    name: str,
    spec: "DatasetSpec",
    path: "Path",
    session: "Session",
    workspace: "Workspace | None",
    store: Datastore | None,
) -> list[Action]:
    if not path.exists():
        raise BackendError(f"the dataset '{name}' is not at {path}", remedy="correct its path in the job file")
    payload: dict[str, Any] = {
        "name": name,
        "path": str(path),
        "description": spec.description,
        "single": path.is_file(),
    }
    if workspace is None or store is None:
        upload = _action(ActionKind.UPLOAD, name, f"upload the dataset {name} from {path}", payload)
        return [upload, _action(ActionKind.REGISTER, name, f"register the dataset {name}", payload)]
    plan = plan_upload(path, store.access, cache=hash_cache(session), patience=session.patience)
    payload |= {"hash": plan.version.hash, "place": place_of(plan, store, workspace, path), "datastore": store.name}
    actions = []
    if not plan.complete:
        summary = f"upload the dataset {name} to {store.name}"
        actions.append(_action(ActionKind.UPLOAD, name, summary, payload, plan.send_bytes, plan.send_files))
    newest = find_dataset(session, workspace, name)
    if newest is None or newest.dataflow != dataflow_of(payload["place"], single=payload["single"]):
        actions.append(_action(ActionKind.REGISTER, name, f"register a version of the dataset {name}", payload))
    elif not actions:
        summary = f"reuse the dataset {name}, version {newest.version}: nothing in it has changed"
        actions.append(_action(ActionKind.REUSE, name, summary, payload))
    return actions


def place_of(plan: UploadPlan, store: Datastore, workspace: "Workspace", path: "Path") -> str:
    """Where an uploaded version lies: the folder, or the one file, that is registered."""
    tail = f"/{path.name}" if path.is_file() else "/"
    return in_datastore(workspace.coordinates, store.name, plan.version.prefix + tail)


def _cloud(name: str, spec: "DatasetSpec", session: "Session", workspace: "Workspace | None") -> list[Action]:
    if spec.name is not None:
        version = f", version {spec.version}" if spec.version else ""
        if workspace is not None and find_dataset(session, workspace, spec.name, spec.version) is None:
            raise BackendError(
                f"the workspace has no dataset '{spec.name}'{version}", remedy="the portal lists them, under Data"
            )
        payload = {"name": name, "registered": spec.name, "version": spec.version}
        return [_action(ActionKind.REUSE, name, f"reuse the registered dataset {spec.name}{version}", payload)]
    address = full_address(str(spec.uri), session.coordinates)
    if workspace is not None:
        require_data(session, workspace, address)
    payload = {"name": name, "uri": address, "description": spec.description}
    return [_action(ActionKind.REGISTER, name, f"register {shown(str(spec.uri))} as the dataset {name}", payload)]


def _action(
    kind: ActionKind,
    name: str,
    summary: str,
    payload: "Mapping[str, object]",
    bytes_: int | None = None,
    files: int | None = None,
) -> Action:
    return Action(
        kind=kind, resource=f"dataset:{name}", summary=summary, payload=dict(payload), bytes=bytes_, files=files
    )
