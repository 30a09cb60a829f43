"""The files of a run: which there are, and bringing them home."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from trainferry.backend import refuse_escape
from trainferry.errors import BackendError, RunNotFound
from trainferry.results import FileEntry
from trainferry_azureml.data import RemoteFile, download
from trainferry_azureml.submit.naming import Reference
from trainferry_azureml.watch.history import find_run

if TYPE_CHECKING:
    from trainferry.progress import Report
    from trainferry_azureml.session import Session
    from trainferry_azureml.workspace.opening import Workspace

_OURS = ("outputs", "logs")
_THEIRS = ("user_logs", "azureml-logs", "system_logs")
"""Folders that Azure writes; they are listed below `logs/`."""


def _container(session: "Session", reference: Reference) -> "tuple[Workspace, str]":
    workspace = session.workspace(reference.coordinates)
    run = find_run(session, workspace, reference.run)
    if run is None:
        raise RunNotFound(f"Azure knows no run {reference.run}", remedy="'ferry runs --remote' lists those it knows")
    return workspace, str(run.get("dataContainerId") or f"dcid.{reference.run}")


def addresses(session: "Session", reference: Reference, folder: str) -> dict[str, str]:
    """Address at which each file of a run below a folder can be read, by the file's path on Azure."""
    workspace, container = _container(session, reference)
    return _addresses(session, workspace, container, folder)


def _addresses(session: "Session", workspace: "Workspace", container: str, folder: str) -> dict[str, str]:
    base = workspace.url("api", "artifact/v2.0", f"/artifacts/prefix/contentinfo/ExperimentRun/{quote(container)}")
    found: dict[str, str] = {}
    params: dict[str, str] = {}
    while True:
        page = session.http.json("GET", f"{base}/{folder}/", "list the files of the run", params=params)
        found |= {str(one["path"]): str(one["contentUri"]) for one in page.get("value") or []}
        token = page.get("continuationToken")
        if not token:
            return found
        params = {"continuationToken": str(token)}


def remote_files(session: "Session", ref: str) -> dict[str, str]:
    """Address of each file of a run by our name of it, which begins with `outputs/` or `logs/`."""
    workspace, container = _container(session, Reference.parse(ref))
    files: dict[str, str] = {}
    with ThreadPoolExecutor(len(_OURS) + len(_THEIRS)) as pool:
        folders = (*_OURS, *_THEIRS)
        for some in pool.map(lambda folder: _addresses(session, workspace, container, folder), folders):
            for path, url in some.items():
                files.setdefault(our_name(path), url)
    return files


def our_name(path: str) -> str:
    """Our name of a file: Azure's own logs move below `logs/`, the script's log gets the name it has on any backend."""
    if path.partition("/")[0] in _OURS:
        return path
    folder, _, rest = path.partition("/")
    return f"logs/{rest}" if folder == "user_logs" else f"logs/{folder}/{rest}"


def list_files(session: "Session", ref: str) -> Sequence[FileEntry]:
    """Every file that a run has written so far, with its size, by name."""
    files = remote_files(session, ref)
    with ThreadPoolExecutor(min(16, len(files) or 1)) as pool:
        sizes = list(pool.map(lambda url: _size(session, url), files.values()))
    entries = [FileEntry(name, size) for name, size in zip(files, sizes, strict=True) if size is not None]
    return sorted(entries, key=lambda entry: entry.path)


def _size(session: "Session", url: str) -> int | None:
    """Bytes of a file; None for one that was announced and isn't written yet."""
    answer = session.http.answer("HEAD", url, "look at a file of the run", signed=False, accept=frozenset({404}))
    if answer.status_code == 404:  # noqa: PLR2004  (HTTP's own number for it)
        return None
    return int(answer.headers.get("Content-Length") or 0)


def fetch(session: "Session", ref: str, files: Sequence[str], destination: Path, report: "Report") -> Sequence[Path]:
    """Bring files of a run below `destination`, several at a time; what is there whole is not fetched again.

    BackendError for a name that the run has no file of, before anything is written.
    """
    known = remote_files(session, ref)
    for name in files:
        refuse_escape(name)
        if name not in known:
            raise BackendError(f"the run has no file {name}", remedy="'ferry show' lists what it has written")
    wanted = [RemoteFile(known[name], name) for name in files]
    connections = session.settings.connections
    return download(wanted, destination, report, connections=connections, patience=session.patience)
