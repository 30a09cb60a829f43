"""State of compute targets, and the reasons to refuse one."""

import re
from datetime import timedelta
from typing import Any

from azureml_emulator.compute.sizes import LIMITS, LOW_PRIORITY, Size, find
from azureml_emulator.server.cloud import Cloud
from azureml_emulator.server.errors import ServiceError, not_found, user_error
from azureml_emulator.workspace.models import by_scope

KIND = "compute"
NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])")
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


def key(scope: str, name: str) -> str:
    """Key of a compute target."""
    return f"{scope.lower()}/computes/{name.lower()}"


def get(cloud: Cloud, scope: str, name: str) -> dict[str, Any]:
    """One compute target; 404 if there is none."""
    found = cloud.store.get(KIND, key(scope, name))
    if found is None:
        raise not_found("Compute", name)
    return found


def in_workspace(cloud: Cloud, scope: str) -> list[dict[str, Any]]:
    """All compute targets of a workspace."""
    return cloud.store.find(KIND, f"{scope.lower()}/computes/")


def put(cloud: Cloud, scope: str, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Make or change a compute target; refused for a bad name, an unknown size, or lack of quota."""
    workspace = by_scope(cloud, scope)
    asked = wanted.get("properties") or {}
    inner = asked.get("properties") or {}
    location = str(asked.get("computeLocation") or wanted.get("location") or workspace["location"])
    if asked.get("computeType") != "AmlCompute":
        raise user_error(f"The emulator has compute targets of type AmlCompute only, not '{asked.get('computeType')}'.")
    if not NAME.fullmatch(name):
        raise user_error(
            f"Compute name '{name}' is invalid: 2 to 32 letters, digits and dashes, starting with a letter and not"
            " ending with a dash.",
            "InvalidComputeName",
        )
    known = cloud.store.get(KIND, key(scope, name))
    size = _allowed_size(cloud, str(inner.get("vmSize") or ""), location)
    scale = _scale(inner.get("scaleSettings") or {})
    priority = str(inner.get("vmPriority") or "Dedicated")
    _check_quota(cloud, size, scale["maxNodeCount"], location, priority, without=known["id"] if known else "")
    now = cloud.clock.stamp()
    document = {
        "id": f"{scope}/computes/{name}",
        "name": name,
        "type": "Microsoft.MachineLearningServices/workspaces/computes",
        "location": location,
        "tags": wanted.get("tags") or {},
        "properties": {
            "description": asked.get("description"),
            "createdOn": known["properties"]["createdOn"] if known else now,
            "modifiedOn": now,
            "properties": {
                "vmSize": size.name.upper(),
                "vmPriority": priority,
                "scaleSettings": scale,
                "userAccountCredentials": _without_secrets(inner.get("userAccountCredentials")),
                "subnet": inner.get("subnet"),
                "remoteLoginPortPublicAccess": inner.get("remoteLoginPortPublicAccess", "Enabled"),
            },
        },
    }
    if wanted.get("identity"):
        document["identity"] = wanted["identity"]
    cloud.store.put(KIND, key(scope, name), document)
    cloud.runner.put_cluster(document)
    return document


def _without_secrets(credentials: dict[str, Any] | None) -> dict[str, Any] | None:
    return {"adminUserName": credentials.get("adminUserName")} if credentials else None


def _allowed_size(cloud: Cloud, name: str, location: str) -> Size:
    size = find(name)
    if size is None:
        message = f"The specified VM size {name} is not supported. 'vmSizes' of the region lists those that are."
        raise user_error(message, "InvalidVmSize")
    missing = bool(size.regions) and location.lower() not in size.regions and "*" not in size.regions
    if not size.regions or missing or cloud.faults.strike("size_not_in_region", size.name, size.family):
        raise user_error(f"The specified VM size {name.upper()} is not supported in {location}.", "VmSizeNotSupported")
    return size


def _scale(asked: dict[str, Any]) -> dict[str, Any]:
    low, high = int(asked.get("minNodeCount") or 0), int(asked.get("maxNodeCount") or 0)
    if low < 0 or high < low:
        raise user_error(f"minNodeCount {low} and maxNodeCount {high} don't fit each other.", "InvalidScaleSettings")
    idle = str(asked.get("nodeIdleTimeBeforeScaleDown") or "PT120S")
    return {"minNodeCount": low, "maxNodeCount": high, "nodeIdleTimeBeforeScaleDown": idle}


def _check_quota(cloud: Cloud, size: Size, nodes: int, location: str, priority: str, without: str) -> None:
    low = priority.lower() == "lowpriority"
    limit = LOW_PRIORITY if low else LIMITS.get(size.family, 0)
    used = used_cores(cloud, location, None if low else size.family, low_priority=low, without=without)
    wanted = size.cores * nodes
    if cloud.faults.strike("quota", size.family, size.name):
        limit = used
    if wanted and used + wanted > limit:
        what = "low-priority cores" if low else f"{size.family} cores"
        raise ServiceError(
            400,
            "ClusterCoreQuotaReached",
            f"Operation results in exceeding quota limits of {what}. Maximum allowed: {limit}, Current in use: {used},"
            f" Additional requested: {wanted}, in region {location}.",
        )


def used_cores(
    cloud: Cloud, location: str, family: str | None, *, low_priority: bool = False, without: str = ""
) -> int:
    """Cores that the compute targets of a region may take at their largest, of one family or of all."""
    total = 0
    for one in cloud.store.find(KIND):
        inner = one["properties"]["properties"]
        size = find(inner["vmSize"])
        same = one["location"].lower() == location.lower() and one["id"] != without
        if size and same and low_priority is (inner["vmPriority"].lower() == "lowpriority"):
            total += size.cores * inner["scaleSettings"]["maxNodeCount"] if family in (None, size.family) else 0
    return total


def idle_seconds(document: dict[str, Any]) -> float:
    """After how many idle seconds a compute target gives a node back."""
    text = str(document["properties"]["properties"]["scaleSettings"]["nodeIdleTimeBeforeScaleDown"])
    found = _DURATION.fullmatch(text)
    if not found:
        return 120.0
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()


def delete(cloud: Cloud, scope: str, name: str) -> None:
    """Delete a compute target; runs on it fail, and say why."""
    document = get(cloud, scope, name)
    cloud.runner.remove_cluster(document)
    cloud.store.delete(KIND, key(scope, name))


def shown(cloud: Cloud, document: dict[str, Any]) -> dict[str, Any]:
    """A compute target as a client sees it, with the state of its nodes."""
    properties = document["properties"]
    status = cloud.runner.cluster_status(document)
    inner = {name: value for name, value in properties["properties"].items() if value is not None or name == "subnet"}
    inner |= {
        "allocationState": "Steady" if status.steady else "Resizing",
        "allocationStateTransitionTime": properties["modifiedOn"],
        "currentNodeCount": status.current_nodes,
        "targetNodeCount": status.target_nodes,
        "nodeStateCounts": status.counts(),
        "errors": None,
    }
    return {
        **document,
        "properties": {
            **properties,
            "computeType": "AmlCompute",
            "computeLocation": document["location"],
            "resourceId": None,
            "provisioningState": "Succeeded",
            "provisioningErrors": None,
            "isAttachedCompute": False,
            "properties": inner,
        },
    }
