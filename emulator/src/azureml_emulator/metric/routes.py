"""The wire of metrics."""

from typing import Any

from starlette.routing import BaseRoute

from azureml_emulator.metric import models
from azureml_emulator.server.wire import WORKSPACE, Call, route

ROOT = "/metric/v2.0" + WORKSPACE + "/runs/{run}"


def batch(call: Call) -> dict[str, Any]:
    """Keep what was logged."""
    models.add(call.cloud, call.scope, call.parts["run"], call.body.get("values") or [])
    return {"errors": []}


def list_all(call: Call) -> dict[str, Any]:
    """Names and columns of a run's metrics."""
    found = models.definitions(call.cloud, call.scope, call.parts["run"])
    rows = [{"metricKey": {"namespace": None, "name": one["name"]}, "columns": one["columns"]} for one in found]
    return {"value": rows, "continuationToken": None}


def full(call: Call) -> dict[str, Any]:
    """One metric with all its rows."""
    return models.full(call.cloud, call.scope, call.parts["run"], str(call.body.get("metricName") or ""))


ROUTES: list[BaseRoute] = [
    route("POST", ROOT + "/batch", batch),
    route("POST", ROOT + "/batch/", batch),
    route("GET POST", ROOT + "/list", list_all),
    route("POST", ROOT + "/full", full),
]
