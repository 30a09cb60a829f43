"""Datasets as the workspace registers them: by name, in versions, each a path in a datastore."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from trainferry.errors import BackendError

if TYPE_CHECKING:
    from trainferry_azureml.session import Session
    from trainferry_azureml.workspace.opening import Workspace

HASH = "trainferry_hash"
"""Property of a version that was uploaded by content: its hash."""


@dataclass(frozen=True, slots=True)
class Registered:
    """One version of a registered dataset. A run refers to it by `saved_id`."""

    name: str
    version: str
    saved_id: str
    dataflow: str


def find_dataset(
    session: "Session", workspace: "Workspace", name: str, version: str | None = None
) -> Registered | None:
    """The newest version of a dataset, or the one named; None if there is none."""
    url = workspace.url("api", "dataset/v1.0", f"/datasets/query/name={quote(name, safe='')}")
    params = {"includeLatestDefinition": "true"} | ({"versionId": version} if version else {})
    found = session.http.find(url, f"look for the dataset {name}", params=params)
    return _registered(found) if found else None


def register_path(
    session: "Session",
    workspace: "Workspace",
    name: str,
    path: str,
    *,
    single: bool,
    description: str = "",
    hash_: str = "",
) -> Registered:
    """The dataset `name` as it is when its newest version is `path`: found so, or registered as a new version.

    A path that isn't there registers without complaint, here as in the SDK; so this is only called with paths that are
    known to hold data.
    """
    dataflow = dataflow_of(path, single=single)
    newest = find_dataset(session, workspace, name)
    if newest is not None and newest.dataflow == dataflow:
        return newest
    body = {
        "name": name,
        "datasetType": "file",
        "isVisible": True,
        "description": description or None,
        "latest": {
            "dataflow": dataflow,
            "properties": {HASH: hash_} if hash_ else {},
            "datasetDefinitionState": {},
        },
    }
    params = {"ifExistsOk": "true", "updateDefinitionIfExists": "true", "registerAsPending": "false"}
    url = workspace.url("api", "dataset/v1.0", "/datasets")
    answer = session.http.json("POST", url, f"register the dataset {name}", json=body, params=params)
    return _registered(answer)


def unregister(session: "Session", workspace: "Workspace", name: str) -> None:
    """Forget a dataset's name with all its versions; the data stays where it is. One that isn't there is no error."""
    url = workspace.url("api", "dataset/v1.0", f"/datasets/{quote(name, safe='')}")
    session.http.answer("DELETE", url, f"unregister the dataset {name}", accept=frozenset({404}))


def dataflow_of(path: str, *, single: bool) -> str:
    """The definition of a dataset of files as azureml-core writes it: a table definition of one path, in JSON.

    The path is quoted as JSON, which is YAML as well.
    """
    kind = "file" if single else "folder"
    table = f"---\ntype: mltable\npaths:\n  - {kind}: {json.dumps(path)}\n"
    return json.dumps({"blocks": [], "meta": {"RsDataflow": table}})


def _registered(data: dict[str, Any]) -> Registered:
    latest = data.get("latest") or {}
    if not latest.get("savedDatasetId"):
        raise BackendError(
            f"the dataset '{data.get('name')}' has no definition that a run could take",
            remedy="register it anew in the portal",
        )
    return Registered(
        str(data.get("name", "")),
        str(latest.get("versionId") or ""),
        str(latest["savedDatasetId"]),
        str(latest.get("dataflow") or ""),
    )
