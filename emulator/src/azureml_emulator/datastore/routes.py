"""The wire of datastores."""

from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from azureml_emulator.datastore import models
from azureml_emulator.server.wire import WORKSPACE, Call, route

ROOT = "/datastore/v1.0" + WORKSPACE


def list_all(call: Call) -> dict[str, Any]:
    """All datastores."""
    return {"value": models.list_all(call.cloud, call.scope), "continuationToken": None}


def create(call: Call) -> Response:
    """Register one, or replace one with PUT. 200: the SDK takes 201 for an error."""
    models.put(call.cloud, call.scope, {**call.body, **_name(call)}, replace=call.method == "PUT")
    section = call.body.get("azureStorageSection") or {}
    if call.query.get("createIfNotExists", "").lower() == "true":
        call.cloud.blobs.ensure_container(str(section["containerName"]))
    return Response(status_code=200)


def _name(call: Call) -> dict[str, str]:
    return {"name": call.parts["name"]} if "name" in call.parts else {}


def get(call: Call) -> dict[str, Any]:
    """One datastore, with its key."""
    return models.get(call.cloud, call.scope, call.parts["name"])


def delete(call: Call) -> None:
    """Unregister one."""
    models.delete(call.cloud, call.scope, call.parts["name"])


def default(call: Call) -> dict[str, Any]:
    """The default datastore."""
    return models.default(call.cloud, call.scope)


def set_default(call: Call) -> None:
    """Choose the default datastore."""
    models.set_default(call.cloud, call.scope, call.parts["name"])


ROUTES: list[BaseRoute] = [
    route("GET", ROOT + "/default", default),
    route("PUT", ROOT + "/default/{name}", set_default),
    route("GET", ROOT + "/datastores", list_all),
    route("POST", ROOT + "/datastores", create),
    route("GET", ROOT + "/datastores/{name}", get),
    route("PUT", ROOT + "/datastores/{name}", create),
    route("DELETE", ROOT + "/datastores/{name}", delete),
]
