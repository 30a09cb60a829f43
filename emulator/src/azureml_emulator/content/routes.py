"""The wire of snapshots."""

from typing import Any

from starlette.routing import BaseRoute

from azureml_emulator.content import models
from azureml_emulator.server.wire import WORKSPACE, Call, route

V1, V2 = "/content/v1.0" + WORKSPACE + "/snapshots", "/content/v2.0" + WORKSPACE + "/snapshots"


def latest(call: Call) -> dict[str, Any]:
    """No snapshot is the latest for a client that knows none: it then sends its whole folder."""
    _ = call.scope
    return {"id": "", "root": {}}


def stage(call: Call) -> dict[str, Any]:
    """An address for each file."""
    return {"fileNodes": models.stage(call.cloud, call.scope, [str(one) for one in call.body.get("FileNames") or []])}


def _shown(snapshot: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in snapshot.items() if key != "files"}


def create(call: Call) -> dict[str, Any]:
    """Make a snapshot."""
    return _shown(models.create(call.cloud, call.scope, call.parts["snapshot"], call.body))


def metadata(call: Call) -> dict[str, Any]:
    """One snapshot."""
    return _shown(models.get(call.cloud, call.scope, call.parts["snapshot"]))


def zipped(call: Call) -> dict[str, Any]:
    """One snapshot as an archive."""
    return {"zipSasUri": models.zipped(call.cloud, call.scope, call.parts["snapshot"])}


ROUTES: list[BaseRoute] = [
    route("GET", V1 + "/latest/metadata", latest),
    route("POST", V2 + "/getblob", stage),
    route("POST", V2 + "/{snapshot}", create),
    route("GET", V2 + "/{snapshot}/metadata", metadata),
    route("GET", V1 + "/{snapshot}/metadata", metadata),
    route("POST", V2 + "/{snapshot}/zip", zipped),
]
