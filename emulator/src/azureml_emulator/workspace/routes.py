"""The wire of workspaces and discovery."""

from typing import Any

from starlette.routing import BaseRoute

from azureml_emulator.server.wire import PROVIDER, WORKSPACE, Call, route
from azureml_emulator.workspace import models

SERVICES = (
    "api", "history", "experimentation", "hyperdrive", "modelmanagement", "studio", "catalog", "gallery", "inferencing",
    "notebooks", "pipelines",
)  # fmt: skip
"""What the SDK may ask discovery for; all of it is here, or a 404 from here."""


def discovery(call: Call) -> dict[str, str]:
    """Where the services are: all in one place."""
    return dict.fromkeys(SERVICES, call.cloud.url)


def _names(call: Call) -> tuple[str, str, str]:
    return call.parts["sub"], call.parts["rg"], call.parts["ws"]


def get(call: Call) -> dict[str, Any]:
    """One workspace."""
    return models.shown(call.cloud, models.get_workspace(call.cloud, *_names(call)))


def put(call: Call) -> dict[str, Any]:
    """Make or replace a workspace."""
    return models.shown(call.cloud, models.put_workspace(call.cloud, *_names(call), call.body))


def patch(call: Call) -> dict[str, Any]:
    """Change tags and properties of a workspace."""
    known = models.get_workspace(call.cloud, *_names(call))
    wanted = {**known, **{name: value for name, value in call.body.items() if value is not None}}
    wanted["properties"] = {**known["properties"], **(call.body.get("properties") or {})}
    return models.shown(call.cloud, models.put_workspace(call.cloud, *_names(call), wanted))


def delete(call: Call) -> None:
    """Delete a workspace."""
    models.delete_workspace(call.cloud, call.scope)


def list_in_group(call: Call) -> dict[str, Any]:
    """Workspaces of a resource group."""
    found = models.list_workspaces(call.cloud, call.parts["sub"], call.parts["rg"])
    return {"value": [models.shown(call.cloud, one) for one in found]}


def list_in_subscription(call: Call) -> dict[str, Any]:
    """Workspaces of the subscription."""
    found = models.list_workspaces(call.cloud, call.parts["sub"])
    return {"value": [models.shown(call.cloud, one) for one in found]}


def list_keys(call: Call) -> dict[str, Any]:
    """The workspace's keys: of its storage; there is no registry and no insights behind it."""
    workspace = models.get_workspace(call.cloud, *_names(call))
    return {
        "userStorageKey": call.cloud.blobs.key,
        "userStorageResourceId": workspace["properties"]["storageAccount"],
        "appInsightsInstrumentationKey": "",
    }


ROUTES: list[BaseRoute] = [
    route("GET", "/discovery", discovery),
    route("GET", "/discovery/{rest:path}", discovery),
    route("GET", WORKSPACE, get),
    route("PUT", WORKSPACE, put),
    route("PATCH", WORKSPACE, patch),
    route("DELETE", WORKSPACE, delete),
    route("POST", WORKSPACE + "/listKeys", list_keys),
    route("POST", WORKSPACE + "/resynckeys", lambda _: None),
    route("GET", PROVIDER + "/workspaces", list_in_group),
    route("GET", "/subscriptions/{sub}/providers/Microsoft.MachineLearningServices/workspaces", list_in_subscription),
]
