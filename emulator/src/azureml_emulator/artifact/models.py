"""Artifacts are blobs of the workspace's own container, `ORIGIN/CONTAINER/PATH`; there is no other state of them."""

from typing import Any

from azureml_emulator.server.cloud import Cloud
from azureml_emulator.server.errors import ServiceError
from azureml_emulator.storage.blobs import READ_PERMISSIONS, WRITE_PERMISSIONS
from azureml_emulator.workspace.models import artifact_container, by_scope

RUNS = "ExperimentRun"
"""Origin of the artifacts of runs."""


def container_of(cloud: Cloud, scope: str) -> str:
    """The blob container that a workspace's artifacts are in."""
    return artifact_container(by_scope(cloud, scope))


def blob_name(origin: str, container: str, path: str) -> str:
    """Name of an artifact's blob."""
    return f"{origin}/{container}/{path.lstrip('/')}"


def paths(cloud: Cloud, scope: str, origin: str, container: str, prefix: str = "") -> list[str]:
    """Paths of the artifacts that start with `prefix`."""
    root = blob_name(origin, container, "")
    return [blob.name.removeprefix(root) for blob in cloud.blobs.find(container_of(cloud, scope), root + prefix)]


def read_url(cloud: Cloud, scope: str, origin: str, container: str, path: str) -> str:
    """An address from which whoever has it may read an artifact."""
    return cloud.blobs.url(container_of(cloud, scope), blob_name(origin, container, path), READ_PERMISSIONS)


def write_url(cloud: Cloud, scope: str, origin: str, container: str, path: str) -> str:
    """An address to which whoever has it may write an artifact."""
    return cloud.blobs.url(container_of(cloud, scope), blob_name(origin, container, path), WRITE_PERMISSIONS)


def described(origin: str, container: str, path: str) -> dict[str, Any]:
    """An artifact."""
    return {
        "artifactId": f"{origin}/{container}/{path}",
        "origin": origin,
        "container": container,
        "path": path,
        "etag": None,
        "createdTime": None,
        "dataPath": None,
    }


def content_info(cloud: Cloud, scope: str, origin: str, container: str, path: str) -> dict[str, Any]:
    """Where an artifact can be read."""
    url = read_url(cloud, scope, origin, container, path)
    return {"contentUri": url, "origin": origin, "container": container, "path": path}


def existing_info(cloud: Cloud, scope: str, origin: str, container: str, path: str) -> dict[str, Any]:
    """Where an artifact can be read; 404 if there is none."""
    if path not in paths(cloud, scope, origin, container, path):
        raise ServiceError(404, "UserError", f"Artifact {path} was not found in {origin}/{container}.")
    return content_info(cloud, scope, origin, container, path)
