"""Environments, datastores, datasets and snapshots over the wire."""

import json
import uuid
from typing import Any

from azureml_emulator.dataset.paths import DataPath, WebPath, data_paths
from azureml_emulator.execution.web import without_query
from wire_client import Wire


def environment(packages: list[str]) -> dict[str, Any]:
    """A definition as the SDK sends it: some names with a capital, some without."""
    conda = {"dependencies": ["python=3.11", {"pip": packages}]}
    return {"Name": "e", "python": {"condaDependencies": conda}, "EnvironmentVariables": {"A": "b"}, "Docker": {}}


def test_an_equal_environment_makes_no_new_version(wire: Wire) -> None:
    path = wire.service("environment", "/environments/versioned")
    first = wire.ask("PUT", path, environment(["six"]))
    assert (first["version"], first["environmentVariables"]) == ("1", {"A": "b"})
    assert wire.ask("PUT", path, environment(["six"]))["version"] == "1"
    assert wire.ask("PUT", path, environment(["seven"]))["version"] == "2"
    assert wire.ask("GET", path)["version"] == "2"
    assert wire.ask("GET", f"{path}/versions/1")["python"] == first["python"]
    wire.ask("PUT", f"{path}/versions/1", environment(["eight"]), status=409)
    wire.ask("GET", f"{path}/versions/9", status=404)


def test_an_environment_that_makes_no_sense_has_no_image(wire: Wire) -> None:
    path = wire.service("environment", "/environments/senseless")
    wire.ask("PUT", path, {"python": {"condaDependencies": {"dependencies": "numpy"}}})
    told = wire.ask("GET", f"{path}/image", status=400)
    assert "python.condaDependencies.dependencies is not a list" in told["error"]["message"]
    build = wire.service("environment", "/environments/senseless/image", "v2.0")
    assert wire.ask("POST", build, {}, status=400)["error"]["code"] == "InvalidEnvironment"


def test_curated_environments_are_there_and_reserved(wire: Wire) -> None:
    listed = wire.ask("GET", wire.service("environment", "/environments/"))["value"]
    assert "AzureML-Minimal" in {one["name"] for one in listed}
    wire.ask("PUT", wire.service("environment", "/environments/AzureML-mine"), environment([]), status=400)


def test_datastores(wire: Wire) -> None:
    default = wire.ask("GET", wire.service("datastore", "/default"))
    assert default["name"] == "workspaceblobstore"
    section = {"accountName": default["azureStorageSection"]["accountName"], "containerName": "mine-own"}
    entry = {"name": "mine", "dataStoreType": "AzureBlob", "azureStorageSection": section}
    path = wire.service("datastore", "/datastores")
    wire.ask("POST", path, entry, createIfNotExists="true")
    wire.ask("POST", path, entry, status=400)
    found = wire.ask("GET", f"{path}/mine")["azureStorageSection"]
    assert found["endpoint"] == default["azureStorageSection"]["endpoint"]
    assert {one["name"] for one in wire.ask("GET", path)["value"]} >= {"mine", "workspaceblobstore"}
    wire.ask("DELETE", f"{path}/mine")
    wire.ask("GET", f"{path}/mine", status=404)


def dataflow(path: str) -> str:
    """A definition as the SDK sends it."""
    uri = f"azureml://subscriptions/s/resourcegroups/r/workspaces/w/datastores/workspaceblobstore/paths/{path}"
    return json.dumps({"blocks": [], "meta": {"RsDataflow": f"type: mltable\npaths:\n- pattern: {uri}\n"}})


def test_a_dataset_has_versions(wire: Wire) -> None:
    path = wire.service("dataset", "/datasets")
    body = {"name": "images", "datasetType": "file", "latest": {"dataflow": dataflow("one")}}
    first = wire.ask("POST", path, body)
    assert first["latest"]["versionId"] == "1"
    wire.ask("POST", path, body, status=409)
    flags: dict[str, Any] = {"ifExistsOk": "true", "updateDefinitionIfExists": "true"}
    assert wire.ask("POST", path, body, **flags)["latest"]["versionId"] == "1", "nothing new"
    newer = wire.ask("POST", path, {**body, "latest": {"dataflow": dataflow("two")}}, **flags)
    assert newer["latest"]["versionId"] == "2"
    saved = newer["latest"]["savedDatasetId"]
    entity = wire.ask("GET", wire.service("data", f"/dataversion/unregistered-{saved}/versions/1"))
    assert data_paths(entity["legacyDataflow"]) == [DataPath("workspaceblobstore", "two")]
    assert wire.ask("GET", f"{path}/query/name=images")["latest"]["versionId"] == "2"
    assert wire.ask("GET", f"{path}/query/name=images", versionId="1")["latest"]["savedDatasetId"] != saved
    by_id = wire.ask("GET", f"{path}/query/savedDatasetId={saved}")["value"]
    assert [(one["name"], one["latest"]["versionId"]) for one in by_id] == [("images", "2")]
    wire.ask("DELETE", f"{path}/images")
    wire.ask("GET", f"{path}/query/name=images", status=404)


def test_patterns_of_a_dataset() -> None:
    files = DataPath("s", "data/**/*.txt")
    assert files.base == "data"
    assert [name for name in ("data/a.txt", "data/b/c.txt", "data/b/c.jpg", "other/a.txt") if files.matches(name)] == [
        "data/a.txt",
        "data/b/c.txt",
    ]
    assert files.relative("data/b/c.txt") == "b/c.txt"
    assert DataPath("s", "data").matches("data/x")
    assert not DataPath("s", "data").matches("data2/x")
    assert DataPath("s", "data/x.csv").relative("data/x.csv") == "x.csv"
    assert DataPath("s", "").relative("a/b") == "a/b"


def test_web_addresses_of_a_dataset() -> None:
    signed = "https://example.com/a%20b/c%20d.csv?sig=x/y"
    definition = f"type: mltable\npaths:\n- file: {signed}\n- pattern: https://example.com/*.csv\n"
    assert data_paths(definition) == [WebPath(signed)]
    assert WebPath(signed).name == "c d.csv"
    assert without_query(signed) == "https://example.com/a%20b/c%20d.csv"
    assert data_paths("type: mltable\npaths:\n- folder: https://example.com/folder/\n") == []


def test_a_snapshot_takes_unchanged_files_from_its_parent(wire: Wire) -> None:
    parent = wire.snapshot({"a.py": "print(1)", "b.py": "print(2)"})
    tree = {"type": "Directory", "children": {"a.py": {"type": "File"}}}
    body = {"ParentSnapshotId": parent, "DirTreeNode": tree, "FileRevisionList": {"FileNodes": []}}
    root = wire.service("content", "/snapshots", "v2.0")
    child = str(uuid.uuid4())
    assert wire.ask("POST", f"{root}/{child}", body)["parentId"] == parent
    assert "zip" in wire.ask("POST", f"{root}/{child}/zip")["zipSasUri"]
    error = wire.ask("POST", f"{root}/{uuid.uuid4()}", {**body, "ParentSnapshotId": ""}, status=400)["error"]
    assert "neither uploaded nor in its parent" in error["message"]


def test_a_snapshot_stays_in_its_folder(wire: Wire) -> None:
    path = wire.service("content", "/snapshots/getblob", "v2.0")
    for name in ("../outside", "/etc/passwd", "a/../../b"):
        wire.ask("POST", path, {"FileNames": [name]}, status=400)
