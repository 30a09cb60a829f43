"""The wire of environments, and of building their images ahead of a run."""

import uuid
from typing import Any

from starlette.routing import BaseRoute

from azureml_emulator.engine.contract import Image
from azureml_emulator.environment import models
from azureml_emulator.server.errors import ServiceError, user_error
from azureml_emulator.server.wire import WORKSPACE, Call, created, route

V1, V2 = "/environment/v1.0" + WORKSPACE, "/environment/v2.0" + WORKSPACE
BUILD = "environment.build"


def list_all(call: Call) -> dict[str, Any]:
    """All environments."""
    return {"value": models.list_all(call.cloud, call.scope), "continuationToken": None}


def put(call: Call) -> dict[str, Any]:
    """Register a definition."""
    return models.register(call.cloud, call.scope, call.parts["name"], call.body, call.parts.get("version"))


def get(call: Call) -> dict[str, Any]:
    """One definition."""
    return models.get(call.cloud, call.scope, call.parts["name"], call.parts.get("version"))


def versions(call: Call) -> dict[str, Any]:
    """All versions of a name, newest first."""
    return {"value": models.versions(call.cloud, call.scope, call.parts["name"])[::-1]}


def labelled(call: Call) -> dict[str, Any]:
    """A version by its label; there is `latest`."""
    if call.parts["label"].lower() != "latest":
        raise ServiceError(404, "NotFound", f"No environment {call.parts['name']} with label {call.parts['label']}")
    return models.get(call.cloud, call.scope, call.parts["name"])


def _image(call: Call, definition: dict[str, Any]) -> Image:
    """The image of a definition; 400 for one that makes no sense."""
    try:
        return call.cloud.runner.image(definition)
    except ValueError as error:
        raise user_error(
            f"Environment {definition.get('name')} can't be built: {error}", "InvalidEnvironment"
        ) from error


def image(call: Call) -> dict[str, Any]:
    """Whether the image is there."""
    definition = get(call)
    found = _image(call, definition)
    docker = definition.get("docker") or {}
    return {
        "imageExistsInRegistry": found.state.value == "ready",
        "dockerImage": {"name": f"azureml/azureml_{found.key}", "registry": {"address": "emulated.invalid"}},
        "dockerfile": docker.get("baseDockerfile") or f"FROM {docker.get('baseImage')}",
        "condaEnvironmentYaml": None,
        "ingredients": definition,
        "pythonEnvironment": {"interpreterPath": "python"},
        "vulnerabilityFindings": None,
    }


def build(call: Call) -> Any:
    """Start building the image; the answer names where to ask how it goes."""
    definition, identifier = get(call), str(uuid.uuid4())
    _image(call, definition)
    call.cloud.store.put(BUILD, call.key("builds", identifier), {"definition": definition})
    call.cloud.runner.build_image(definition)
    location = f"{call.cloud.url}{V2.format(**call.parts)}/builds/{identifier}"
    return created({"environmentBuildStatus": "Running", "location": location, "id": identifier}, 202)


def build_state(call: Call) -> Any:
    """How a build stands, with its log so far."""
    found = call.cloud.store.get(BUILD, call.key("builds", call.parts["build"]))
    if found is None:
        raise ServiceError(404, "NotFound", f"There is no build {call.parts['build']}.")
    image_of_it = _image(call, found["definition"])
    status = {"ready": "Succeeded", "failed": "Failed"}.get(image_of_it.state.value, "Running")
    log = image_of_it.log.read_text(encoding="utf-8", errors="replace") if image_of_it.log.exists() else ""
    body = {"status": status, "environmentBuildStatus": status, "buildLog": log, "error": image_of_it.reason or None}
    return created(body, 202 if status == "Running" else 200)


def metadata(_: Call) -> dict[str, Any]:
    """Labels are accepted; `latest` is always the newest."""
    return {}


_ONE = "/environments/{name}"
_VERSION = _ONE + "/versions/{version}"
ROUTES: list[BaseRoute] = [
    route("GET", V1 + "/environments", list_all),
    route("GET", V1 + "/environments/", list_all),
    route("GET", V1 + _ONE, get),
    route("PUT", V1 + _ONE, put),
    route("GET", V1 + _ONE + "/versions", versions),
    route("GET", V1 + _ONE + "/labels/{label}", labelled),
    route("GET", V1 + _ONE + "/image", image),
    route("GET", V1 + _VERSION, get),
    route("PUT", V1 + _VERSION, put),
    route("PUT", V1 + _VERSION + "/metadata", metadata),
    route("GET", V1 + _VERSION + "/image", image),
    route("POST", V2 + _ONE + "/image", build),
    route("POST", V2 + _VERSION + "/image", build),
    route("GET", V2 + "/builds/{build}", build_state),
]
