"""The wire of datasets."""

from typing import Any

from starlette.routing import BaseRoute

from azureml_emulator.dataset import models
from azureml_emulator.server.errors import ServiceError
from azureml_emulator.server.wire import WORKSPACE, Call, route

ROOT = "/dataset/v1.0" + WORKSPACE
DATA = "/data/v1.0" + WORKSPACE
UNREGISTERED = "unregistered-"


def _flag(call: Call, name: str) -> bool:
    return call.query.get(name, "").lower() == "true"


def register(call: Call) -> dict[str, Any]:
    """Register a dataset, or a new version of one."""
    update = _flag(call, "updateDefinitionIfExists")
    return models.register(call.cloud, call.scope, call.body, may_exist=_flag(call, "ifExistsOk"), update=update)


def list_all(call: Call) -> dict[str, Any]:
    """All registered datasets."""
    return {"value": models.list_all(call.cloud, call.scope), "continuationToken": None}


def query(call: Call) -> dict[str, Any]:
    """By name, or by the id of a saved definition; the question is part of the path."""
    kind, _, value = call.parts["question"].partition("=")
    if kind == "name":
        return models.by_name(call.cloud, call.scope, value, call.query.get("versionId"))
    if kind == "savedDatasetId":
        return {"value": models.by_saved_id(call.cloud, call.scope, value), "continuationToken": None}
    raise ServiceError(400, "UserError", f"There is no query by {kind}.")


def get(call: Call) -> dict[str, Any]:
    """One dataset by its id."""
    return models.shown(call.cloud, call.scope, models.by_id(call.cloud, call.scope, call.parts["id"]))


def update(call: Call) -> dict[str, Any]:
    """Change description and tags of a dataset."""
    return models.update(call.cloud, call.scope, call.parts["id"], call.body)


def unregister(call: Call) -> None:
    """Forget a name."""
    models.unregister(call.cloud, call.scope, call.parts["id"])


def save(call: Call) -> dict[str, Any]:
    """Keep a definition without a name."""
    body = call.body
    return models.save(
        call.cloud, call.scope, str(body.get("datasetType")), str(body.get("dataflowJson")), body.get("properties")
    )


def get_saved(call: Call) -> dict[str, Any]:
    """A saved definition."""
    return models.saved(call.cloud, call.scope, call.parts["id"])


def entity(call: Call) -> dict[str, Any]:
    """A definition as the newer data service has it."""
    if not call.parts["name"].startswith(UNREGISTERED):
        raise ServiceError(404, "NotFound", f"There is no data asset {call.parts['name']}.")
    return models.entity(call.cloud, call.scope, call.parts["name"].removeprefix(UNREGISTERED))


ROUTES: list[BaseRoute] = [
    route("GET", ROOT + "/datasets", list_all),
    route("POST", ROOT + "/datasets", register),
    route("GET", ROOT + "/datasets/query/{question:path}", query),
    route("GET", ROOT + "/datasets/{id}", get),
    route("PUT PATCH POST", ROOT + "/datasets/{id}", update),
    route("DELETE", ROOT + "/datasets/{id}", unregister),
    route("POST", ROOT + "/saveddatasets", save),
    route("GET", ROOT + "/saveddatasets/{id}", get_saved),
    route("GET", DATA + "/dataversion/{name}/versions/{version}", entity),
]
