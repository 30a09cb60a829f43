"""State of datastores. Two are in every workspace from the start; others are registered."""

from typing import Any

from azureml_emulator.server.cloud import Cloud
from azureml_emulator.server.errors import ServiceError, user_error
from azureml_emulator.workspace.models import artifact_container, blob_container, by_scope

KIND, DEFAULT = "datastore", "datastore.default"
BLOBSTORE, ARTIFACTSTORE = "workspaceblobstore", "workspaceartifactstore"


def _section(cloud: Cloud, scope: str, container: str) -> dict[str, Any]:
    """A section for the workspace's own account, with today's address and key."""
    _, _, subscription, _, group, *_ = scope.split("/")
    return {
        "accountName": cloud.blobs.account,
        "containerName": container,
        "endpoint": cloud.blobs.endpoint,
        "protocol": "https",
        "credentialType": "AccountKey",
        "credential": cloud.blobs.key,
        "accountKey": cloud.blobs.key,
        "sasToken": None,
        "isSas": False,
        "blobCacheTimeout": 0,
        "areWorkspaceManagedIdentitiesAllowed": False,
        "subscriptionId": subscription,
        "resourceGroup": group,
    }


def _entry(name: str, section: dict[str, Any], kind: str = "AzureBlob") -> dict[str, Any]:
    return {
        "name": name,
        "dataStoreType": kind,
        "hasBeenValidated": True,
        "tags": {},
        "azureStorageSection": section,
    }


def get(cloud: Cloud, scope: str, name: str) -> dict[str, Any]:
    """One datastore; 404 in the service's words if there is none."""
    workspace = by_scope(cloud, scope)
    if name == BLOBSTORE:
        return _entry(name, _section(cloud, scope, blob_container(workspace)))
    if name == ARTIFACTSTORE:
        return _entry(name, _section(cloud, scope, artifact_container(workspace)))
    found = cloud.store.get(KIND, f"{scope.lower()}/{name}")
    if found is None:
        raise ServiceError(404, "UserError", f"Could not find datastore: {name}")
    section = found.get("azureStorageSection")
    if section and section.get("accountName") == cloud.blobs.account:
        # The port of storage may be another one since the datastore was registered.
        found["azureStorageSection"] = {**section, "endpoint": cloud.blobs.endpoint}
    return found


def list_all(cloud: Cloud, scope: str) -> list[dict[str, Any]]:
    """All datastores of a workspace."""
    names = [BLOBSTORE, ARTIFACTSTORE, *(one["name"] for one in cloud.store.find(KIND, f"{scope.lower()}/"))]
    return [get(cloud, scope, name) for name in names]


def put(cloud: Cloud, scope: str, entry: dict[str, Any], *, replace: bool) -> None:
    """Register a datastore; one that is there is replaced only if that was asked for."""
    name = str(entry.get("name") or "")
    if not name:
        raise user_error("A datastore needs a name.")
    section = entry.get("azureStorageSection") or {}
    if entry.get("dataStoreType") not in ("AzureBlob", "AzureFile") or not section.get("containerName"):
        raise user_error("The emulator has datastores of blob containers only.")
    key = f"{scope.lower()}/{name}"
    with cloud.store.transaction():
        there = name in (BLOBSTORE, ARTIFACTSTORE) or cloud.store.get(KIND, key) is not None
        if there and not replace:
            raise user_error(f"Another datastore is already registered by the name: {name}")
        credential = section.get("accountKey") or section.get("sasToken") or section.get("credential")
        cloud.store.put(
            KIND,
            key,
            _entry(name, {**section, "credential": credential, "endpoint": section.get("endpoint") or ""}),
        )


def delete(cloud: Cloud, scope: str, name: str) -> None:
    """Unregister a datastore; its blobs stay."""
    cloud.store.delete(KIND, f"{scope.lower()}/{name}")


def default(cloud: Cloud, scope: str) -> dict[str, Any]:
    """The default datastore."""
    chosen = cloud.store.get(DEFAULT, f"{scope.lower()}/default")
    return get(cloud, scope, chosen["name"] if chosen else BLOBSTORE)


def set_default(cloud: Cloud, scope: str, name: str) -> None:
    """Choose the default datastore."""
    get(cloud, scope, name)
    cloud.store.put(DEFAULT, f"{scope.lower()}/default", {"name": name})


def container_of(cloud: Cloud, scope: str, name: str) -> str:
    """Container behind a datastore; it must be on the emulator's own account."""
    section = get(cloud, scope, name)["azureStorageSection"]
    if section["accountName"] != cloud.blobs.account:
        raise user_error(f"Datastore {name} is on account {section['accountName']}, which the emulator doesn't have.")
    return str(section["containerName"])
