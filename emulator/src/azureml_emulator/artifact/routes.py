"""The wire of artifacts."""

from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from azureml_emulator.artifact import models
from azureml_emulator.server.errors import ServiceError
from azureml_emulator.server.wire import WORKSPACE, Call, route

ROOT = "/artifact/v2.0" + WORKSPACE + "/artifacts"
ONE = "/{origin}/{container}/{path:path}"


def _place(call: Call) -> tuple[str, str]:
    return call.parts["origin"], call.parts["container"]


def _prefix(call: Call) -> str:
    """A folder's name is followed by a slash, so that `logs` doesn't bring `logs2`; the SDK may send two."""
    path = call.parts.get("path", "").rstrip("/")
    return f"{path}/" if path else ""


def list_in_container(call: Call) -> dict[str, Any]:
    """All artifacts of a run, or those below a path."""
    found = models.paths(call.cloud, call.scope, *_place(call), _prefix(call))
    return {"value": [models.described(*_place(call), path) for path in found], "continuationToken": None}


def by_prefix(call: Call) -> dict[str, Any]:
    """Where the artifacts below a path can be read."""
    found = models.paths(call.cloud, call.scope, *_place(call), _prefix(call))
    infos = [models.content_info(call.cloud, call.scope, *_place(call), path) for path in found]
    return {"value": infos, "continuationToken": None}


def info(call: Call) -> dict[str, Any]:
    """Where one artifact can be read."""
    return models.existing_info(call.cloud, call.scope, *_place(call), call.parts["path"])


def metadata(call: Call) -> dict[str, Any]:
    """One artifact."""
    info(call)
    return models.described(*_place(call), call.parts["path"])


def write(call: Call) -> dict[str, Any]:
    """Where one artifact can be written."""
    path = call.parts["path"]
    url = models.write_url(call.cloud, call.scope, *_place(call), path)
    return {"contentUri": url, "origin": call.parts["origin"], "container": call.parts["container"], "path": path}


def batch(call: Call) -> dict[str, Any]:
    """Announce artifacts that will be written, and get an address for each."""
    names = [str(one["path"]) for one in call.body.get("paths") or []]
    origin, container = _place(call)
    infos = {
        path: {
            "contentUri": models.write_url(call.cloud, call.scope, origin, container, path),
            "origin": origin,
            "container": container,
            "path": path,
        }
        for path in names
    }
    described = {path: models.described(origin, container, path) for path in names}
    return {"artifacts": described, "artifactContentInformation": infos, "errors": {}}


def download(call: Call) -> Response:
    """The bytes of one artifact."""
    container = models.container_of(call.cloud, call.scope)
    content = call.cloud.blobs.read_if_there(container, models.blob_name(*_place(call), call.parts["path"]))
    if content is None:
        raise ServiceError(404, "UserError", f"Artifact {call.parts['path']} was not found.")
    return Response(content, media_type="application/octet-stream")


def upload(call: Call) -> dict[str, Any]:
    """Write one artifact through the service."""
    container = models.container_of(call.cloud, call.scope)
    call.cloud.blobs.write(container, models.blob_name(*_place(call), call.parts["path"]), call.content)
    return models.described(*_place(call), call.parts["path"])


def delete(call: Call) -> None:
    """Delete one artifact."""
    container = models.container_of(call.cloud, call.scope)
    call.cloud.blobs.delete(container, models.blob_name(*_place(call), call.parts["path"]))


ROUTES: list[BaseRoute] = [
    route("POST", ROOT + "/batch/metadata/{origin}/{container}", batch),
    route("GET", ROOT + "/prefix/contentinfo" + ONE, by_prefix),
    route("GET", ROOT + "/contentinfo" + ONE, info),
    route("GET", ROOT + "/metadata" + ONE, metadata),
    route("DELETE", ROOT + "/metadata" + ONE, delete),
    route("GET", ROOT + "/write" + ONE, write),
    route("GET", ROOT + "/content" + ONE, download),
    route("POST", ROOT + "/content" + ONE, upload),
    route("GET", ROOT + "/{origin}/{container}", list_in_container),
    route("GET", ROOT + ONE, list_in_container),
]
