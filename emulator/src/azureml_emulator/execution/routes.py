"""The wire of execution."""

from typing import Any

from starlette.routing import BaseRoute

from azureml_emulator.execution import models
from azureml_emulator.server.wire import WORKSPACE, Call, route

ROOT = "/execution/v1.0" + WORKSPACE + "/experiments/{experiment}"


def submit(call: Call) -> dict[str, Any]:
    """Take a run on."""
    run = models.submit(call.cloud, call.scope, call.parts["experiment"], call.query.get("runId", ""), call.body)
    return {"runId": run["runId"]}


def cancel(call: Call) -> dict[str, Any]:
    """Cancel a run."""
    models.cancel(call.cloud, call.scope, call.parts["run"])
    return {}


def diagnostics(call: Call) -> dict[str, Any]:
    """There are none beyond the logs."""
    _ = call.scope
    return {}


ROUTES: list[BaseRoute] = [
    route("POST", ROOT + "/snapshotrun", submit),
    route("POST", ROOT + "/runId/{run}/cancel", cancel),
    route("GET POST", ROOT + "/runId/{run}/diagnostics", diagnostics),
]
