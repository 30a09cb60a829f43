"""The wire of compute: on ARM for changes, and again under `/rp/workspaces` of the api service for reads."""

import uuid
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from azureml_emulator.compute import models
from azureml_emulator.compute.sizes import LIMITS, LOW_PRIORITY, TOTAL, offered
from azureml_emulator.server.wire import WORKSPACE, Call, created, route

LOCATION = "/subscriptions/{sub}/providers/Microsoft.MachineLearningServices/locations/{loc}"
OPERATION = "compute.operation"


def _operation(call: Call, location: str) -> dict[str, str]:
    """Headers that name an operation, which has succeeded by the time anyone asks."""
    identifier = str(uuid.uuid4())
    call.cloud.store.put(OPERATION, identifier, {"status": "Succeeded"})
    path = LOCATION.format(sub=call.parts["sub"], loc=location)
    return {"Azure-AsyncOperation": f"{call.cloud.url}{path}/computeOperationsStatus/{identifier}"}


def put(call: Call) -> Any:
    """Make a compute target."""
    known = call.cloud.store.get(models.KIND, models.key(call.scope, call.parts["name"]))
    document = models.put(call.cloud, call.scope, call.parts["name"], call.body)
    shown = models.shown(call.cloud, document)
    return created(shown, 200 if known else 201, _operation(call, document["location"]))


def patch(call: Call) -> Any:
    """Change the scale settings, or other properties, of a compute target."""
    known = models.get(call.cloud, call.scope, call.parts["name"])
    wanted = call.body.get("properties") or {}
    changed = wanted.get("properties") or {key: value for key, value in wanted.items() if key == "scaleSettings"}
    properties = {
        **known["properties"],
        "computeType": "AmlCompute",
        "properties": {**known["properties"]["properties"], **changed},
    }
    document = {**known, "properties": properties, "tags": call.body.get("tags", known["tags"])}
    shown = models.shown(call.cloud, models.put(call.cloud, call.scope, known["name"], document))
    return created(shown, 200, _operation(call, known["location"]))


def get(call: Call) -> dict[str, Any]:
    """One compute target."""
    return models.shown(call.cloud, models.get(call.cloud, call.scope, call.parts["name"]))


def list_all(call: Call) -> dict[str, Any]:
    """All compute targets of the workspace."""
    found = models.in_workspace(call.cloud, call.scope)
    return {"value": [models.shown(call.cloud, one) for one in found]}


def delete(call: Call) -> Response:
    """Delete a compute target."""
    location = models.get(call.cloud, call.scope, call.parts["name"])["location"]
    models.delete(call.cloud, call.scope, call.parts["name"])
    return Response(status_code=200, headers=_operation(call, location))


def list_nodes(call: Call) -> dict[str, Any]:
    """Nodes of a compute target, with the run that each one has."""
    document = models.get(call.cloud, call.scope, call.parts["name"])
    nodes = [
        {
            "nodeId": node.node_id,
            "nodeState": node.state.value,
            "port": node.port,
            "publicIpAddress": "127.0.0.1",
            "privateIpAddress": "127.0.0.1",
            **({"runId": node.run_id} if node.run_id else {}),
        }
        for node in call.cloud.runner.cluster_status(document).nodes
    ]
    return {"nodes": nodes}


def operation(call: Call) -> Any:
    """How an operation stands."""
    found = call.cloud.store.get(OPERATION, call.parts["operation"])
    return found or JSONResponse({"status": "Failed", "error": {"code": "NotFound", "message": "no operation"}}, 404)


def sizes(call: Call) -> dict[str, Any]:
    """VM sizes that a region offers, in the forms of both SDKs."""
    rows = [
        {
            "name": size.name,
            "family": size.family,
            "vCPUs": size.cores,
            "gpus": size.gpus,
            "memoryGB": size.memory,
            "osVhdSizeMB": 1047552,
            "maxResourceVolumeMB": size.disk,
            "lowPriorityCapable": True,
            "premiumIO": True,
            "supportedComputeTypes": ["AmlCompute", "ComputeInstance"],
        }
        for size in offered(call.parts["loc"])
    ]
    return {"amlCompute": rows, "value": rows}


def usages(call: Call) -> dict[str, Any]:
    """What is used of each limit, in cores."""
    location = call.parts["loc"]
    rows = [("Total Cluster Dedicated Regional vCPUs", TOTAL, models.used_cores(call.cloud, location, None))]
    low = models.used_cores(call.cloud, location, None, low_priority=True)
    rows += [("Total Cluster LowPriority Regional vCPUs", LOW_PRIORITY, low)]
    rows += [
        (family, limit, models.used_cores(call.cloud, location, family))
        for family, limit in LIMITS.items()
    ]  # fmt: skip
    root = LOCATION.format(sub=call.parts["sub"], loc=location)
    return {
        "value": [
            {
                "id": f"{root}/usages/{name}",
                "type": "Microsoft.MachineLearningServices/vmFamily/dedicatedCores/usages",
                "name": {"value": name, "localizedValue": name},
                "unit": "Count",
                "limit": limit,
                "currentValue": used,
            }
            for name, limit, used in rows
        ]
    }


def quotas(call: Call) -> dict[str, Any]:
    """The limits themselves."""
    root = LOCATION.format(sub=call.parts["sub"], loc=call.parts["loc"])
    return {
        "value": [
            {
                "id": f"{root}/quotas/{name}",
                "type": "Microsoft.MachineLearningServices/vmFamily/dedicatedCores/quotas",
                "name": {"value": name, "localizedValue": name},
                "unit": "Count",
                "limit": limit,
            }
            for name, limit in LIMITS.items()
        ]
    }


def _routes(prefix: str) -> list[BaseRoute]:
    return [
        route("GET", prefix, list_all),
        route("GET", prefix + "/{name}", get),
        route("PUT", prefix + "/{name}", put),
        route("PATCH", prefix + "/{name}", patch),
        route("DELETE", prefix + "/{name}", delete),
        route("POST", prefix + "/{name}/listNodes", list_nodes),
    ]


ROUTES: list[BaseRoute] = [
    *_routes(WORKSPACE + "/computes"),
    *_routes("/rp/workspaces" + WORKSPACE + "/computes"),
    route("GET", LOCATION + "/computeOperationsStatus/{operation}", operation),
    route("GET", LOCATION + "/vmSizes", sizes),
    route("GET", LOCATION + "/usages", usages),
    route("GET", LOCATION + "/quotas", quotas),
]
