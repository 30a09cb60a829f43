"""The wire of ARM."""

import re
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from azureml_emulator.arm import deployments, models
from azureml_emulator.server.errors import ServiceError, not_found
from azureml_emulator.server.wire import Call, created, route

SUBSCRIPTION = "/subscriptions/{sub}"
GROUP = SUBSCRIPTION + "/resourceGroups/{rg}"
LOCATIONS = ("East US", "East US 2", "West Europe", "North Europe", "UK South", "West US 2", "South Central US")
_FILTER = re.compile(r"(resourceType|resourceGroup|name|tagName|tagValue)\s+eq\s+'([^']*)'", re.IGNORECASE)


def subscriptions(call: Call) -> dict[str, Any]:
    """All subscriptions."""
    return {"value": [models.subscription(call.cloud, call.cloud.settings.subscription)]}


def subscription(call: Call) -> dict[str, Any]:
    """One subscription."""
    return models.subscription(call.cloud, call.parts["sub"])


def tenants(call: Call) -> dict[str, Any]:
    """The one tenant."""
    tenant = call.cloud.settings.tenant
    return {"value": [{"id": f"/tenants/{tenant}", "tenantId": tenant, "displayName": "Emulated"}]}


def locations(call: Call) -> dict[str, Any]:
    """Regions."""
    names = [(shown.lower().replace(" ", ""), shown) for shown in LOCATIONS]
    root = f"/subscriptions/{call.parts['sub']}/locations"
    return {"value": [{"id": f"{root}/{name}", "name": name, "displayName": shown} for name, shown in names]}


def provider(call: Call) -> dict[str, Any]:
    """A resource provider: registered, with the regions and types that the SDK asks it for."""
    namespace = call.parts["namespace"]
    types = ("workspaces", "workspaces/computes", "locations/vmSizes", "locations/usages", "locations/quotas")
    return {
        "id": f"/subscriptions/{call.parts['sub']}/providers/{namespace}",
        "namespace": namespace,
        "registrationState": "Registered",
        "resourceTypes": [
            {"resourceType": one, "locations": list(LOCATIONS), "apiVersions": ["2022-05-01", "2020-02-02"]}
            for one in types
        ],
    }


def groups(call: Call) -> dict[str, Any]:
    """All resource groups."""
    prefix = models.group_key(call.parts["sub"], "")
    return {"value": call.cloud.store.find(models.GROUP, prefix)}


def get_group(call: Call) -> Any:
    """One resource group; HEAD says only whether it is there."""
    if call.method == "HEAD":
        there = call.cloud.store.get(models.GROUP, models.group_key(call.parts["sub"], call.parts["rg"]))
        return Response(status_code=204 if there else 404)
    return models.get_group(call.cloud, call.parts["sub"], call.parts["rg"])


def put_group(call: Call) -> Any:
    """Make or change a resource group."""
    location, tags = str(call.body.get("location") or ""), call.body.get("tags") or {}
    if not location:
        raise ServiceError(400, "LocationRequired", "The location property is required for this definition.")
    known = call.cloud.store.get(models.GROUP, models.group_key(call.parts["sub"], call.parts["rg"]))
    group = models.put_group(call.cloud, call.parts["sub"], call.parts["rg"], location, tags)
    return created(group, 200 if known else 201)


def delete_group(call: Call) -> None:
    """Delete a resource group."""
    models.delete_group(call.cloud, call.parts["sub"], call.parts["rg"])


def resources(call: Call) -> dict[str, Any]:
    """Resources that fit a filter such as `resourceType eq '...' and resourceGroup eq '...'`, workspaces among them."""
    from azureml_emulator.workspace.models import list_workspaces  # noqa: PLC0415  (it leans on ARM)

    sub = call.parts["sub"]
    wanted = {name.lower(): value.lower() for name, value in _FILTER.findall(call.query.get("$filter", ""))}
    group = call.parts.get("rg") or wanted.get("resourcegroup")
    prefix = models.group_key(sub, group) + "/" if group else f"/subscriptions/{sub}/".lower()
    found = call.cloud.store.find(models.RESOURCE, prefix) + list_workspaces(call.cloud, sub, group)
    return {
        "value": [
            one
            for one in found
            if wanted.get("resourcetype", one["type"].lower()) == one["type"].lower()
            and wanted.get("name", one["name"].lower()) == one["name"].lower()
        ]
    }


def list_deployments(call: Call) -> dict[str, Any]:
    """Deployments of the subscription."""
    prefix = f"/subscriptions/{call.parts['sub']}/".lower()
    found = call.cloud.store.find(models.DEPLOYMENT, prefix)
    return {"value": [{name: value for name, value in one.items() if name != "made"} for one in found]}


def put_deployment(call: Call) -> Any:
    """Carry a template out."""
    models.get_group(call.cloud, call.parts["sub"], call.parts["rg"])
    made = deployments.deploy(
        call.cloud, call.parts["sub"], call.parts["rg"], call.parts["name"], call.body.get("properties") or {}
    )
    return created(made)


def get_deployment(call: Call) -> dict[str, Any]:
    """One deployment."""
    found = call.cloud.store.get(models.DEPLOYMENT, call.path.lower())
    if found is None:
        raise not_found("Deployment", call.parts["name"])
    return {name: value for name, value in found.items() if name != "made"}


def deployment_operations(call: Call) -> dict[str, Any]:
    """What a deployment did."""
    return {"value": deployments.operations(call.cloud, call.parts["sub"], call.parts["rg"], call.parts["name"])}


def resource(call: Call) -> Any:
    """Any other resource (storage account, key vault, insights, registry): get, make, delete."""
    cloud, path = call.cloud, call.path
    if call.method == "GET":
        return models.get_resource(cloud, path)
    if call.method == "DELETE":
        return Response(status_code=200 if cloud.store.delete(models.RESOURCE, path.lower()) else 204)
    models.get_group(cloud, call.parts["sub"], call.parts["rg"])
    return models.put_resource(cloud, path, call.body)


def list_keys(call: Call) -> dict[str, Any]:
    """Keys of a storage account: those of the one account that there is."""
    models.get_resource(call.cloud, call.path.rsplit("/", 1)[0])
    key = call.cloud.blobs.key
    return {"keys": [{"keyName": f"key{number}", "value": key, "permissions": "FULL"} for number in (1, 2)]}


_RESOURCE = GROUP + "/providers/{namespace}/{kind}/{name}"
ROUTES: list[BaseRoute] = [
    route("GET", "/subscriptions", subscriptions),
    route("GET", "/tenants", tenants),
    route("GET", SUBSCRIPTION, subscription),
    route("GET", SUBSCRIPTION + "/locations", locations),
    route("GET", SUBSCRIPTION + "/resources", resources),
    route("GET", SUBSCRIPTION + "/resourceGroups", groups),
    route("GET", SUBSCRIPTION + "/resourcegroups", groups),
    route("GET HEAD", GROUP, get_group),
    route("PUT PATCH", GROUP, put_group),
    route("DELETE", GROUP, delete_group),
    route("GET", GROUP + "/resources", resources),
    route("GET", SUBSCRIPTION + "/providers/Microsoft.Resources/deployments", list_deployments),
    route("GET", SUBSCRIPTION + "/providers/Microsoft.Resources/deployments/", list_deployments),
    route("GET", GROUP + "/providers/Microsoft.Resources/deployments/{name}", get_deployment),
    route("PUT", GROUP + "/providers/Microsoft.Resources/deployments/{name}", put_deployment),
    route("GET", GROUP + "/deployments/{name}/operations", deployment_operations),
    route("GET", SUBSCRIPTION + "/providers/{namespace}", provider),
    route("POST", SUBSCRIPTION + "/providers/{namespace}/register", provider),
    route("POST", _RESOURCE + "/listKeys", list_keys),
    route("GET PUT DELETE", _RESOURCE, resource),
]
