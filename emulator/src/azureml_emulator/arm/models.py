"""State of ARM: resource groups and generic resources, each a document under its path in lower case."""

from typing import Any

from azureml_emulator.server.cloud import Cloud
from azureml_emulator.server.errors import ServiceError, not_found

GROUP, RESOURCE, DEPLOYMENT = "arm.group", "arm.resource", "arm.deployment"


def subscription(cloud: Cloud, identifier: str) -> dict[str, Any]:
    """The one subscription there is; 404 for another one, in ARM's words."""
    if identifier.lower() != cloud.settings.subscription.lower():
        raise ServiceError(404, "SubscriptionNotFound", f"The subscription '{identifier}' could not be found.")
    return {
        "id": f"/subscriptions/{cloud.settings.subscription}",
        "subscriptionId": cloud.settings.subscription,
        "tenantId": cloud.settings.tenant,
        "displayName": "Emulated subscription",
        "state": "Enabled",
        "subscriptionPolicies": {"locationPlacementId": "Public", "quotaId": "Emulated", "spendingLimit": "Off"},
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
    }


def group_key(subscription_id: str, name: str) -> str:
    """Key of a resource group."""
    return f"/subscriptions/{subscription_id}/resourceGroups/{name}".lower()


def get_group(cloud: Cloud, subscription_id: str, name: str) -> dict[str, Any]:
    """One resource group; 404 if there is none."""
    subscription(cloud, subscription_id)
    found = cloud.store.get(GROUP, group_key(subscription_id, name))
    if found is None:
        raise ServiceError(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
    return found


def put_group(cloud: Cloud, subscription_id: str, name: str, location: str, tags: dict[str, str]) -> dict[str, Any]:
    """Make or change a resource group."""
    subscription(cloud, subscription_id)
    group = {
        "id": f"/subscriptions/{subscription_id}/resourceGroups/{name}",
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": location,
        "tags": tags,
        "properties": {"provisioningState": "Succeeded"},
    }
    cloud.store.put(GROUP, group_key(subscription_id, name), group)
    return group


def put_resource(cloud: Cloud, identifier: str, resource: dict[str, Any]) -> dict[str, Any]:
    """Make or change a resource of any type."""
    kind, name = identifier.rpartition("/providers/")[2].rsplit("/", 1)
    document = {
        "id": identifier,
        "name": name,
        "type": kind,
        "location": resource.get("location"),
        "tags": resource.get("tags") or {},
        "sku": resource.get("sku"),
        "kind": resource.get("kind"),
        "properties": {**(resource.get("properties") or {}), "provisioningState": "Succeeded"},
    }
    cloud.store.put(RESOURCE, identifier.lower(), document)
    return document


def get_resource(cloud: Cloud, identifier: str) -> dict[str, Any]:
    """One resource; 404 if there is none."""
    found = cloud.store.get(RESOURCE, identifier.lower())
    if found is None:
        raise not_found("Resource", identifier.rsplit("/providers/", maxsplit=1)[-1])
    return found


def delete_group(cloud: Cloud, subscription_id: str, name: str) -> None:
    """Delete a resource group with all that is in it."""
    from azureml_emulator.workspace.models import delete_workspace, list_workspaces  # noqa: PLC0415  (it leans on ARM)

    get_group(cloud, subscription_id, name)
    for one in list_workspaces(cloud, subscription_id, name):
        delete_workspace(cloud, one["id"])
    cloud.store.delete_all(group_key(subscription_id, name) + "/")
    cloud.store.delete(GROUP, group_key(subscription_id, name))
