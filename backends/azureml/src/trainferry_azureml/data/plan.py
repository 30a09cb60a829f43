"""Finds out what of a folder has to be sent: the folder's content against what the container holds of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.progress import Progress, Report, silent
from trainferry_azureml.data.container import Container, encoded
from trainferry_azureml.data.folder import LocalFile, list_folder
from trainferry_azureml.data.hashing import hash_files
from trainferry_azureml.data.manifest import Content, Manifest, manifest_of
from trainferry_azureml.data.patience import Patience
from trainferry_azureml.data.stat_cache import StatCache

if TYPE_CHECKING:
    from trainferry_azureml.data.access import ContainerAccess
    from trainferry_azureml.data.version import DatasetVersion


@dataclass(frozen=True, slots=True)
class Source:
    """A local file and what was in it."""

    file: LocalFile
    sha256: str


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """What an upload would send, and where to. `upload` does it; until then nothing in the container has changed."""

    access: ContainerAccess
    manifest: Manifest
    complete: bool
    """Whether the version is there already, whole."""
    missing: tuple[Source, ...]
    """Files whose bytes have to be sent."""
    present: dict[str, str] = field(repr=False)
    """MD5 (base64) of each file, by name, that an interrupted upload left in the container, and that is right."""
    latency: float
    """How long the container takes to answer a small request (seconds)."""

    @property
    def version(self) -> DatasetVersion:
        """The version that the folder's content is."""
        return self.manifest.version

    @property
    def send_bytes(self) -> int:
        """How much has to be sent (bytes)."""
        return sum(source.file.bytes for source in self.missing)

    @property
    def send_files(self) -> int:
        """How many files have to be sent (count)."""
        return len(self.missing)


def plan_upload(
    folder: Path,
    access: ContainerAccess,
    *,
    cache: Path | None = None,
    patience: Patience | None = None,
    thorough: bool = False,
    report: Report = silent,
) -> UploadPlan:
    """Tell what of a folder, or a single file, has to be sent to a container; changes nothing there.

    With `cache`, a folder for what may be lost, files that have not changed since they were hashed the last time aren't
    read. A version that is complete costs one request; `thorough` compares it file by file all the same. Any other
    costs a second one, and one more for each 5,000 files that are there.
    Raises BackendError as `list_folder` does, and for a container that is not there or can't be opened.
    """
    sources = _sources(Path(folder), cache, report)
    manifest = manifest_of(Content(source.file.name, source.file.bytes, source.sha256) for source in sources)
    with Container(access, patience or Patience()) as container:
        complete = _is_complete(container, manifest)
        present = {} if complete and not thorough else _present(container, manifest.version, sources, report)
        latency = container.latency
    missing = () if complete and not thorough else tuple(s for s in sources if s.file.name not in present)
    return UploadPlan(access, manifest, complete and not missing, missing, present, latency)


def _sources(folder: Path, cache: Path | None, report: Report) -> list[Source]:
    """Every file with its hash: the known ones from the cache, the others by reading them."""
    files = list_folder(folder)
    known = StatCache(cache, str(folder.resolve())) if cache is not None else None
    hashes = {file.name: known.sha256(file) if known else None for file in files}
    unread = [file for file in files if hashes[file.name] is None]
    counted = _Counter("reading data", sum(file.bytes for file in unread), report)
    for file, digest in zip(unread, hash_files(unread, "sha256", counted), strict=True):
        hashes[file.name] = digest.hex()
    sources = [Source(file, hashes[file.name] or "") for file in files]
    if known is not None:
        known.keep((source.file, source.sha256) for source in sources)
    return sources


def _is_complete(container: Container, manifest: Manifest) -> bool:
    """Whether the manifest is in the container, and the same; it is written last, so all else is there, too."""
    found = container.properties(manifest.version.manifest, "look for the dataset")
    return found is not None and found.get("content-md5") == encoded(manifest.md5)


def _present(container: Container, version: DatasetVersion, sources: list[Source], report: Report) -> dict[str, str]:
    """MD5 of each file that is in the container with the right size and MD5, by name."""
    there = {blob.name: blob for blob in container.list(version.prefix + "/", "list the dataset")}
    alike = [
        source.file
        for source in sources
        if (blob := there.get(f"{version.prefix}/{source.file.name}")) and blob.bytes == source.file.bytes and blob.md5
    ]
    counted = _Counter("comparing data", sum(file.bytes for file in alike), report)
    digests = [encoded(digest) for digest in hash_files(alike, "md5", counted)]
    return {
        file.name: md5
        for file, md5 in zip(alike, digests, strict=True)
        if there[f"{version.prefix}/{file.name}"].md5 == md5
    }


class _Counter:
    """Adds up bytes from several threads, and reports them."""

    def __init__(self, message: str, total: int, report: Report) -> None:
        self._message, self._total, self._report = message, total, report
        self._done = 0
        self._lock = threading.Lock()

    def __call__(self, count: int) -> None:
        with self._lock:
            self._done += count
            done = self._done
        self._report(Progress(self._message, done, self._total, "byte"))
