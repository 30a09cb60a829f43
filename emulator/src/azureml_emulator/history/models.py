"""State of experiments and runs. A run's document is what a client sees of it, but for addresses and what is large."""

import uuid
from typing import Any

from azureml_emulator.history.filters import compiled
from azureml_emulator.server.cloud import Cloud
from azureml_emulator.server.errors import ServiceError, conflict

EXPERIMENT, RUN, EVENT = "experiment", "run", "run.event"
FINAL = frozenset({"Completed", "Failed", "Canceled"})
_PAGE = 500
_CLIENT_MAY = (
    "name", "displayName", "description", "hidden", "runType", "runTypeV2", "status", "startTimeUtc", "endTimeUtc",
    "heartbeatEnabled", "options", "target", "scriptName", "primaryMetricName", "inputDatasets", "outputDatasets",
    "runDefinition", "cancelUri", "diagnosticsUri", "dataContainerId", "parentRunId", "createdFrom",
)  # fmt: skip


def experiment_key(scope: str, name: str) -> str:
    """Key of an experiment."""
    return f"{scope.lower()}/experiments/{name}"


def run_key(scope: str, run: str) -> str:
    """Key of a run."""
    return f"{scope.lower()}/runs/{run}"


def experiment(cloud: Cloud, scope: str, name: str) -> dict[str, Any]:
    """One experiment; 404 if there is none."""
    found = cloud.store.get(EXPERIMENT, experiment_key(scope, name))
    if found is None:
        raise ServiceError(404, "UserError", f"Experiment {name} was not found.")
    return found


def ensure_experiment(cloud: Cloud, scope: str, name: str) -> dict[str, Any]:
    """An experiment, made if it isn't there."""
    with cloud.store.transaction():
        found = cloud.store.get(EXPERIMENT, experiment_key(scope, name))
        if found is None:
            found = {
                "experimentId": str(uuid.uuid4()), "name": name, "description": None, "archivedTime": None,
                "createdUtc": cloud.clock.stamp(), "tags": {}, "runs": 0,
            }  # fmt: skip
            cloud.store.put(EXPERIMENT, experiment_key(scope, name), found)
    return found


def experiments(cloud: Cloud, scope: str) -> list[dict[str, Any]]:
    """All experiments of a workspace."""
    return cloud.store.find(EXPERIMENT, experiment_key(scope, ""))


def experiment_by_id(cloud: Cloud, scope: str, identifier: str) -> dict[str, Any]:
    """One experiment by its id; 404 if there is none."""
    for one in experiments(cloud, scope):
        if one["experimentId"] == identifier:
            return one
    raise ServiceError(404, "UserError", f"Experiment {identifier} was not found.")


def change_experiment(cloud: Cloud, scope: str, identifier: str, body: dict[str, Any]) -> dict[str, Any]:
    """Change tags and description of an experiment, archive or rename it."""
    found = experiment_by_id(cloud, scope, identifier)
    before = found["name"]
    if body.get("archive") is not None:
        found["archivedTime"] = cloud.clock.stamp() if body["archive"] else None
    found |= {key: body[key] for key in ("description", "name") if body.get(key) is not None}
    found["tags"] |= body.get("tags") or {}
    with cloud.store.transaction():
        if found["name"] != before:
            cloud.store.delete(EXPERIMENT, experiment_key(scope, before))
        cloud.store.put(EXPERIMENT, experiment_key(scope, found["name"]), found)
    return found


def create_run(cloud: Cloud, scope: str, experiment_name: str, run: str, body: dict[str, Any]) -> dict[str, Any]:
    """Make a run; 409 if its id is taken."""
    with cloud.store.transaction():
        if cloud.store.get(RUN, run_key(scope, run)) is not None:
            raise conflict(f"Run {run} already exists.")
        owner = ensure_experiment(cloud, scope, experiment_name)
        owner["runs"] += 1
        cloud.store.put(EXPERIMENT, experiment_key(scope, experiment_name), owner)
        parent = body.get("parentRunId")
        root = cloud.store.get(RUN, run_key(scope, parent)) if parent else None
        document = {
            "runNumber": owner["runs"],
            "runId": run,
            "rootRunId": root["rootRunId"] if root else parent or run,
            "runUuid": str(uuid.uuid4()),
            "experimentId": owner["experimentId"],
            "experimentName": experiment_name,
            "createdUtc": cloud.clock.stamp(),
            "createdBy": {"userObjectId": cloud.settings.client, "userName": "Someone"},
            "userId": cloud.settings.client,
            "status": "NotStarted",
            "startTimeUtc": None,
            "endTimeUtc": None,
            "error": None,
            "warnings": None,
            "dataContainerId": f"dcid.{run}",
            "properties": {},
            "tags": {},
            "hidden": False,
        }
        apply(document, body, cloud)
        cloud.store.put(RUN, run_key(scope, run), document)
    return document


def apply(document: dict[str, Any], body: dict[str, Any], cloud: Cloud) -> None:
    """Lay what a client sent over a run: tags and properties are merged, a property once set stays as it is."""
    document |= {key: body[key] for key in _CLIENT_MAY if body.get(key) is not None}
    document["tags"] |= body.get("tags") or {}
    for name, value in (body.get("properties") or {}).items():
        document["properties"].setdefault(name, value)
    if document["status"] == "Running":
        document["startTimeUtc"] = document["startTimeUtc"] or cloud.clock.stamp()
    if document["status"] in FINAL:
        document["endTimeUtc"] = document["endTimeUtc"] or cloud.clock.stamp()


def run(cloud: Cloud, scope: str, identifier: str) -> dict[str, Any]:
    """One run; 404 if there is none."""
    found = cloud.store.get(RUN, run_key(scope, identifier))
    if found is None:
        raise ServiceError(404, "UserError", f"Run {identifier} was not found.")
    return found


def change_run(cloud: Cloud, scope: str, identifier: str, body: dict[str, Any]) -> dict[str, Any]:
    """Change a run that is there."""
    found = cloud.store.update(RUN, run_key(scope, identifier), lambda document: apply(document, body, cloud))
    if found is None:
        raise ServiceError(404, "UserError", f"Run {identifier} was not found.")
    return found


def delete_tags(cloud: Cloud, scope: str, identifier: str, tags: list[str]) -> dict[str, Any]:
    """Take tags off a run."""

    def change(document: dict[str, Any]) -> None:
        document["tags"] = {key: value for key, value in document["tags"].items() if key not in tags}

    cloud.store.update(RUN, run_key(scope, identifier), change)
    return run(cloud, scope, identifier)


def query(cloud: Cloud, scope: str, body: dict[str, Any], experiment_id: str | None = None) -> dict[str, Any]:
    """Runs that a filter lets through, sorted and page by page; `continuationToken` is the number of those before."""
    test = compiled(body.get("filter"))
    found = [
        one
        for one in cloud.store.find(RUN, run_key(scope, ""))
        if experiment_id in (None, one["experimentId"]) and test(one)
    ]
    field, _, direction = str(body.get("orderby") or "CreatedUtc desc").partition(" ")
    name = field[:1].lower() + field[1:]
    # Sorting is stable, so runs of one moment stay in the order in which they were made.
    found.sort(key=lambda one: str(one.get(name) or ""), reverse=direction.lower() == "desc")
    start, size = int(body.get("continuationToken") or 0), int(body.get("top") or _PAGE)
    page = found[start : start + size]
    more = str(start + len(page)) if page and start + len(page) < len(found) else None
    return {"value": page, "continuationToken": more}
