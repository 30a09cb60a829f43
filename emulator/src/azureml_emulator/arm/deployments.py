"""Deployments: the templates with which the SDK makes a workspace and what it needs, carried out at once."""

from typing import Any

from azureml_emulator.arm import models
from azureml_emulator.server.cloud import Cloud

WORKSPACES = "microsoft.machinelearningservices/workspaces"
NESTED = "microsoft.resources/deployments"
GROUPS = "microsoft.resources/resourcegroups"


def deploy(cloud: Cloud, subscription_id: str, group: str, name: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Carry a template out; the deployment, which has succeeded by then."""
    template = properties.get("template") or {}
    made = carry_out(cloud, subscription_id, group, template.get("resources") or [])
    identifier = (
        f"/subscriptions/{subscription_id}/resourceGroups/{group}/providers/Microsoft.Resources/deployments/{name}"
    )
    deployment = {
        "id": identifier,
        "name": name,
        "type": "Microsoft.Resources/deployments",
        "properties": {
            "provisioningState": "Succeeded",
            "timestamp": cloud.clock.stamp(),
            "duration": "PT0.1S",
            "mode": properties.get("mode", "Incremental"),
            "outputs": {},
            "outputResources": [{"id": one} for one in made],
        },
    }
    cloud.store.put(models.DEPLOYMENT, identifier.lower(), {**deployment, "made": made})
    return deployment


def carry_out(cloud: Cloud, subscription_id: str, group: str, resources: list[dict[str, Any]]) -> list[str]:
    """Make the resources of a template, nested templates first; returns their ids."""
    from azureml_emulator.workspace.models import put_workspace  # noqa: PLC0415  (it leans on ARM)

    made: list[str] = []
    workspaces = []
    for resource in resources:
        kind, name = str(resource["type"]).lower(), str(resource["name"])
        if kind == NESTED:
            inner = (resource.get("properties") or {}).get("template") or {}
            where = str(resource.get("resourceGroup") or group)
            made += carry_out(cloud, subscription_id, where, inner.get("resources") or [])
        elif kind == GROUPS:
            models.put_group(cloud, subscription_id, name, str(resource.get("location")), resource.get("tags") or {})
        elif kind == WORKSPACES:
            workspaces.append(resource)
        else:
            root = f"/subscriptions/{subscription_id}/resourceGroups/{group}/providers/{resource['type']}/{name}"
            made.append(models.put_resource(cloud, root, resource)["id"])
    made += [put_workspace(cloud, subscription_id, group, str(one["name"]), one)["id"] for one in workspaces]
    return made


def operations(cloud: Cloud, subscription_id: str, group: str, name: str) -> list[dict[str, Any]]:
    """What a deployment did, one entry for each resource; the SDK shows these to whoever waits."""
    identifier = (
        f"/subscriptions/{subscription_id}/resourceGroups/{group}/providers/Microsoft.Resources/deployments/{name}"
    )
    found = cloud.store.get(models.DEPLOYMENT, identifier.lower()) or {"made": []}
    return [
        {
            "id": f"{identifier}/operations/{number}",
            "operationId": str(number),
            "properties": {
                "provisioningOperation": "Create",
                "provisioningState": "Succeeded",
                "duration": "PT0.1S",
                "statusCode": "OK",
                "targetResource": {
                    "id": made,
                    "resourceType": made.split("/providers/")[1].rsplit("/", 1)[0],
                    "resourceName": made.rsplit("/", 1)[1],
                },
            },
        }
        for number, made in enumerate(found["made"])
    ]
