"""State of snapshots: which blob holds which file. Files that didn't change are taken from the parent."""

import io
import uuid
import zipfile
from typing import Any

from azureml_emulator.server.cloud import Cloud
from azureml_emulator.server.errors import ServiceError, user_error
from azureml_emulator.storage.blobs import WRITE_PERMISSIONS
from azureml_emulator.workspace.models import artifact_container, by_scope

KIND, STAGED = "snapshot", "snapshot.staged"


def _key(scope: str, identifier: str) -> str:
    return f"{scope.lower()}/snapshots/{identifier}"


def container_of(cloud: Cloud, scope: str) -> str:
    """The container that a workspace's snapshots are in."""
    return artifact_container(by_scope(cloud, scope))


def stage(cloud: Cloud, scope: str, names: list[str]) -> list[dict[str, str]]:
    """An address for each file that will be uploaded; each is a place of its own that nothing else writes to.

    Blobs are numbered, not named as their files: the SDK takes the path of an address for the blob's name and quotes it
    once more, so one with a space or a letter beyond ASCII would be signed for another blob than the one written to.
    """
    container, batch = container_of(cloud, scope), uuid.uuid4().hex
    nodes, numbers = [], {}
    for number, name in enumerate(names):
        if not is_safe(name):
            raise user_error(f"A snapshot can't hold the file name '{name}'.")
        url = cloud.blobs.url(container, f"snapshots/{batch}/{number}", WRITE_PERMISSIONS)
        numbers[url] = str(number)
        nodes.append({"fullName": name, "blobUri": url})
    cloud.store.put(STAGED, _key(scope, batch), {"files": numbers, "batch": batch})
    return nodes


def is_safe(name: str) -> bool:
    """Whether a name stays below the folder it is put into."""
    return bool(name) and not name.startswith(("/", "\\")) and ".." not in name.replace("\\", "/").split("/")


def create(cloud: Cloud, scope: str, identifier: str, body: dict[str, Any]) -> dict[str, Any]:
    """Make a snapshot of staged files and of those that its parent has."""
    parent_id = body.get("ParentSnapshotId") or ""
    parent = cloud.store.get(KIND, _key(scope, parent_id)) if parent_id else None
    files: dict[str, Any] = {}
    uploaded = {}
    for node in (body.get("FileRevisionList") or {}).get("FileNodes") or []:
        uploaded[str(node["FullName"])] = {
            "blob": _blob_of(cloud, scope, str(node["BlobUri"])), "size": int(node.get("FileSize") or 0),
        }  # fmt: skip
    for path in tree_files(body.get("DirTreeNode") or {}):
        known = uploaded.get(path) or (parent or {"files": {}})["files"].get(path)
        if known is None:
            raise user_error(f"Snapshot {identifier} lists '{path}', which was neither uploaded nor in its parent.")
        files[path] = known
    snapshot = {
        "id": identifier,
        "parentId": parent_id or None,
        "createdTime": cloud.clock.stamp(),
        "properties": body.get("Properties") or {},
        "tags": body.get("Tags") or {},
        "files": files,
        "root": body.get("DirTreeNode") or {},
    }
    cloud.store.put(KIND, _key(scope, identifier), snapshot)
    return snapshot


def _blob_of(cloud: Cloud, scope: str, url: str) -> str:
    path = url.split("?", 1)[0]
    batch = path.split("/snapshots/", 1)[-1].split("/", 1)[0]
    staged = cloud.store.get(STAGED, _key(scope, batch))
    if staged is None or url not in staged["files"]:
        raise user_error("A snapshot holds a file that was not staged for this workspace.")
    return f"snapshots/{batch}/{staged['files'][url]}"


def tree_files(node: dict[str, Any], prefix: str = "") -> list[str]:
    """Paths of the files of a directory tree."""
    found = []
    children = node.get("children") or {}
    for name, child in children.items() if isinstance(children, dict) else ((one["name"], one) for one in children):
        path = f"{prefix}{name}"
        if str(child.get("type", "")).lower() == "directory":
            found += tree_files(child, f"{path}/")
        else:
            found.append(path)
    return found


def get(cloud: Cloud, scope: str, identifier: str) -> dict[str, Any]:
    """One snapshot; 404 if there is none."""
    found = cloud.store.get(KIND, _key(scope, identifier))
    if found is None:
        raise ServiceError(404, "UserError", f"Snapshot {identifier} was not found.")
    return found


def zipped(cloud: Cloud, scope: str, identifier: str) -> str:
    """An address of the snapshot as one archive."""
    snapshot, container = get(cloud, scope, identifier), container_of(cloud, scope)
    target = f"snapshots/zip/{identifier}.zip"
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, file in snapshot["files"].items():
            archive.writestr(path, cloud.blobs.read(container, file["blob"]))
    cloud.blobs.write(container, target, whole.getvalue())
    return cloud.blobs.url(container, target, "r")
