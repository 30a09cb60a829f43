"""State of workspaces."""

import re
import uuid
from typing import Any

from azureml_emulator.arm.models import get_group, put_resource
from azureml_emulator.server.cloud import Cloud
from azureml_emulator.server.errors import ServiceError, user_error

KIND = "workspace"
SUBMITTED = "execution.submitted"
"""By run id: the workspace, the cluster, and where outputs go. Outlives the process, as the engine's orders do."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,32}")
"""The rule that the service itself states: 2 to 33 letters, digits, dashes and underscores."""


def scope_of(cloud: Cloud, subscription: str, group: str, name: str) -> str:
    """The path of a workspace as it was first written; 404 if there is none."""
    return str(get_workspace(cloud, subscription, group, name)["id"])


def key_of(subscription: str, group: str, name: str) -> str:
    """Key of a workspace: its path in lower case."""
    return (
        f"/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{name}"
    ).lower()


def get_workspace(cloud: Cloud, subscription: str, group: str, name: str) -> dict[str, Any]:
    """One workspace; 404 in ARM's words if there is none."""
    found = cloud.store.get(KIND, key_of(subscription, group, name))
    if found is None:
        message = (
            f"The Resource 'Microsoft.MachineLearningServices/workspaces/{name}' under resource group '{group}'"
            " was not found."
        )
        raise ServiceError(404, "ResourceNotFound", message)
    return found


def by_scope(cloud: Cloud, scope: str) -> dict[str, Any]:
    """The workspace at a path that is known to be one."""
    found = cloud.store.get(KIND, scope.lower())
    if found is None:
        raise ServiceError(404, "ResourceNotFound", f"The workspace {scope} was not found.")
    return found


def list_workspaces(cloud: Cloud, subscription: str, group: str | None = None) -> list[dict[str, Any]]:
    """All workspaces of a subscription, or of one resource group."""
    prefix = f"/subscriptions/{subscription}/" + (f"resourceGroups/{group}/" if group else "")
    return cloud.store.find(KIND, prefix.lower())


def put_workspace(cloud: Cloud, subscription: str, group: str, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Make or change a workspace. One that is there keeps its id, and everything in it."""
    place = get_group(cloud, subscription, group)
    if not NAME.fullmatch(name):
        raise user_error(f"Workspace name '{name}' is invalid: 2 to 33 letters, digits, - or _, starting with neither.")
    known = cloud.store.get(KIND, key_of(subscription, group, name))
    asked = wanted.get("properties") or {}
    root = f"/subscriptions/{subscription}/resourceGroups/{group}/providers"
    identifier = str(known["properties"]["workspaceId"] if known else uuid.uuid4())
    storage = f"{root}/Microsoft.Storage/storageAccounts/{cloud.settings.account}"
    put_resource(cloud, storage, {"location": place["location"], "kind": "StorageV2", "sku": {"name": "Standard_LRS"}})
    workspace = {
        "id": known["id"] if known else f"{root}/Microsoft.MachineLearningServices/workspaces/{name}",
        "name": known["name"] if known else name,
        "type": "Microsoft.MachineLearningServices/workspaces",
        "location": wanted.get("location") or place["location"],
        "tags": wanted.get("tags") or {},
        "sku": {"name": "Basic", "tier": "Basic", **(wanted.get("sku") or {})},
        "identity": {
            "type": "SystemAssigned",
            "tenantId": cloud.settings.tenant,
            "principalId": str(uuid.uuid5(uuid.NAMESPACE_OID, identifier)),
        },
        "properties": {
            "workspaceId": identifier,
            "friendlyName": asked.get("friendlyName") or name,
            "description": asked.get("description") or "",
            "creationTime": known["properties"]["creationTime"] if known else cloud.clock.stamp(),
            "provisioningState": "Succeeded",
            "storageAccount": storage,
            "keyVault": asked.get("keyVault") or f"{root}/Microsoft.KeyVault/vaults/{name}",
            "applicationInsights": asked.get("applicationInsights") or f"{root}/microsoft.insights/components/{name}",
            "containerRegistry": asked.get("containerRegistry"),
            "hbiWorkspace": bool(asked.get("hbiWorkspace")),
            "v1LegacyMode": False,
            "imageBuildCompute": asked.get("imageBuildCompute"),
        },
    }
    cloud.store.put(KIND, key_of(subscription, group, name), workspace)
    cloud.blobs.ensure_container(blob_container(workspace))
    cloud.blobs.ensure_container(artifact_container(workspace))
    return workspace


def blob_container(workspace: dict[str, Any]) -> str:
    """Container of `workspaceblobstore`, by Azure ML's naming."""
    return f"azureml-blobstore-{workspace['properties']['workspaceId']}"


def artifact_container(workspace: dict[str, Any]) -> str:
    """Container of snapshots and of runs' artifacts; the real service has one `azureml` in each storage account."""
    return f"azureml-{workspace['properties']['workspaceId']}"


def delete_workspace(cloud: Cloud, scope: str) -> None:
    """Delete a workspace with its computes, runs, datasets and blobs."""
    workspace = by_scope(cloud, scope)
    cloud.runner.forget_workspace(scope)
    # What still comes from its runs has nowhere to go from here on.
    forget_submitted(cloud, scope)
    cloud.store.delete_all(scope.lower() + "/")
    cloud.store.delete(KIND, scope.lower())
    for container in (blob_container(workspace), artifact_container(workspace)):
        cloud.blobs.delete_container(container)


def forget_submitted(cloud: Cloud, scope: str) -> None:
    """Forget which runs of a workspace were handed to the engine."""
    for one in cloud.store.find(SUBMITTED):
        if str(one["scope"]).lower() == scope.lower():
            cloud.store.delete(SUBMITTED, str(one["runId"]))


def shown(cloud: Cloud, workspace: dict[str, Any]) -> dict[str, Any]:
    """The workspace as a client sees it, with addresses that hold now."""
    urls = {"discoveryUrl": f"{cloud.url}/discovery", "mlFlowTrackingUri": f"azureml://{cloud.url}"}
    return {**workspace, "properties": {**workspace["properties"], **urls}}
