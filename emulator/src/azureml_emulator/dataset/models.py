"""State of datasets."""

import uuid
from typing import Any

from azureml_emulator.dataset.paths import definition_of
from azureml_emulator.server.cloud import Cloud
from azureml_emulator.server.errors import ServiceError, user_error

REGISTERED, SAVED = "dataset", "dataset.saved"


def _key(scope: str, name: str) -> str:
    return f"{scope.lower()}/datasets/{name}"


def save(cloud: Cloud, scope: str, kind: str, dataflow: str, properties: dict[str, Any] | None) -> dict[str, Any]:
    """Keep a definition; equal ones have one id, so that saving twice saves once."""
    identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{scope.lower()}\n{kind}\n{dataflow}"))
    saved = {"id": identifier, "datasetType": kind, "dataflowJson": dataflow, "properties": properties or {}}
    cloud.store.put(SAVED, _key(scope, identifier), saved)
    return saved


def saved(cloud: Cloud, scope: str, identifier: str) -> dict[str, Any]:
    """A saved definition by its id; 404 if there is none."""
    found = cloud.store.get(SAVED, _key(scope, identifier))
    if found is None:
        raise ServiceError(404, "NotFound", f"Cannot find dataset with id {identifier}")
    return found


def register(cloud: Cloud, scope: str, body: dict[str, Any], *, may_exist: bool, update: bool) -> dict[str, Any]:
    """Register a dataset under a name: version 1, or the next one if that was asked for and the definition is new."""
    name, latest = str(body.get("name") or ""), body.get("latest") or {}
    dataflow, kind = str(latest.get("dataflow") or ""), str(body.get("datasetType") or "file")
    if not name or not dataflow:
        raise user_error("A dataset needs a name and a definition.")
    with cloud.store.transaction():
        known = cloud.store.get(REGISTERED, _key(scope, name))
        if known is not None and not may_exist:
            raise ServiceError(409, "DatasetAlreadyExists", f"Dataset with name {name} already exists.")
        kept = save(cloud, scope, kind, dataflow, latest.get("properties"))
        now = cloud.clock.stamp()
        dataset = known or {
            "datasetId": str(uuid.uuid4()), "name": name, "createdTime": now, "versions": [], "isVisible": True,
        }  # fmt: skip
        newest = dataset["versions"][-1] if dataset["versions"] else None
        if newest is None or (update and newest["savedDatasetId"] != kept["id"]):
            version = {"versionId": str(len(dataset["versions"]) + 1), "savedDatasetId": kept["id"], "createdTime": now}
            dataset["versions"].append(version)
        dataset |= {
            "datasetType": kind,
            "description": body.get("description"),
            "tags": body.get("tags") or {},
            "modifiedTime": now,
        }
        cloud.store.put(REGISTERED, _key(scope, name), dataset)
    return shown(cloud, scope, dataset)


def by_name(cloud: Cloud, scope: str, name: str, version: str | None) -> dict[str, Any]:
    """A registered dataset, in its newest version or in the one named; 404 if there is none."""
    found = cloud.store.get(REGISTERED, _key(scope, name))
    versions = [one for one in found["versions"] if version in (None, "", one["versionId"])] if found else []
    if found is None or not versions:
        raise ServiceError(404, "NotFound", f"Cannot find dataset {name}" + (f" version {version}" if version else ""))
    return shown(cloud, scope, found, versions[-1])


def by_saved_id(cloud: Cloud, scope: str, identifier: str) -> list[dict[str, Any]]:
    """The registered datasets that have a version of this definition."""
    return [
        shown(cloud, scope, one, version)
        for one in cloud.store.find(REGISTERED, _key(scope, ""))
        for version in one["versions"]
        if version["savedDatasetId"] == identifier
    ]


def by_id(cloud: Cloud, scope: str, identifier: str) -> dict[str, Any]:
    """A registered dataset by its own id; 404 if there is none."""
    for one in cloud.store.find(REGISTERED, _key(scope, "")):
        if one["datasetId"] == identifier:
            return one
    raise ServiceError(404, "NotFound", f"Cannot find dataset with id {identifier}")


def list_all(cloud: Cloud, scope: str) -> list[dict[str, Any]]:
    """All registered datasets, in their newest versions."""
    return [shown(cloud, scope, one) for one in cloud.store.find(REGISTERED, _key(scope, ""))]


def update(cloud: Cloud, scope: str, identifier: str, body: dict[str, Any]) -> dict[str, Any]:
    """Change description and tags."""
    known = by_id(cloud, scope, identifier)
    known |= {key: body[key] for key in ("description", "tags", "isVisible") if body.get(key) is not None}
    known["modifiedTime"] = cloud.clock.stamp()
    cloud.store.put(REGISTERED, _key(scope, known["name"]), known)
    return shown(cloud, scope, known)


def unregister(cloud: Cloud, scope: str, name: str) -> None:
    """Forget a name with all its versions; the data stays."""
    if not cloud.store.delete(REGISTERED, _key(scope, name)):
        raise ServiceError(404, "NotFound", f"Cannot find dataset {name}")


def shown(cloud: Cloud, scope: str, dataset: dict[str, Any], version: dict[str, Any] | None = None) -> dict[str, Any]:
    """A dataset as a client sees it, with one version as `latest`."""
    one = version or dataset["versions"][-1]
    kept = saved(cloud, scope, one["savedDatasetId"])
    rest = {name: value for name, value in dataset.items() if name != "versions"}
    state = {"state": "active", "etag": None, "deprecatedBy": None}
    return {
        **rest,
        "datasetState": state,
        "etag": None,
        "defaultCompute": None,
        "latest": {
            "datasetId": dataset["datasetId"],
            "versionId": one["versionId"],
            "savedDatasetId": one["savedDatasetId"],
            "datasetDefinitionState": state,
            "dataflow": kept["dataflowJson"],
            "properties": kept["properties"],
            "createdTime": one["createdTime"],
            "modifiedTime": one["createdTime"],
            "dataPath": None,
            "notes": "",
            "etag": None,
            "fileType": None,
        },
    }


def entity(cloud: Cloud, scope: str, identifier: str) -> dict[str, Any]:
    """A saved definition in the form of the newer data service, which every load by the SDK reads."""
    kept = saved(cloud, scope, identifier)
    return {
        "dataVersion": {
            "assetId": f"azureml://{scope}/data/unregistered-{identifier}/versions/1",
            "dataContainerName": f"unregistered-{identifier}",
            "dataType": "MLTable",
            "dataUri": None,
            "versionId": "1",
            "mutableProps": {"isArchived": False, "tags": {}},
            "properties": kept["properties"],
        },
        "entityMetadata": {"etag": None},
        "legacyDatasetType": kept["datasetType"],
        "legacyDataflowType": "Yaml",
        "legacyDataflow": definition_of(kept["dataflowJson"]),
    }
