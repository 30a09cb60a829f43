"""What the engine reads: the files of snapshots and datasets, by what an order calls them."""

from collections.abc import Sequence
from pathlib import Path

from azureml_emulator.content import models as content
from azureml_emulator.dataset import models as datasets
from azureml_emulator.dataset.paths import DataPath, WebPath, data_paths, definition_of
from azureml_emulator.datastore.models import container_of
from azureml_emulator.engine.contract import StoredFile
from azureml_emulator.execution.web import Web
from azureml_emulator.server.cloud import Cloud
from azureml_emulator.server.errors import ServiceError
from azureml_emulator.storage.blobs import BlobError

_WEB = "(web)"
"""Stands for the datastore of a file that lies in none; no datastore can have this name."""


class CloudStorage:
    """Gives the engine bytes. A source is `snapshot|SCOPE|ID` or `dataset|SCOPE|SAVED ID`."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._web = Web(cloud.state)

    def list_files(self, source: str) -> Sequence[StoredFile]:
        """Every file below a source; FileNotFoundError if there are none."""
        kind, scope, identifier = source.split("|", 2)
        try:
            found = self._snapshot(scope, identifier) if kind == "snapshot" else self._dataset(scope, identifier)
        except (ServiceError, BlobError) as error:
            raise FileNotFoundError(str(error)) from error
        if not found:
            raise FileNotFoundError(f"{kind} {identifier} holds no files")
        return found

    def _snapshot(self, scope: str, identifier: str) -> list[StoredFile]:
        files = content.get(self._cloud, scope, identifier)["files"]
        return [StoredFile(path=path, size=one["size"], version=one["blob"]) for path, one in files.items()]

    def _dataset(self, scope: str, identifier: str) -> list[StoredFile]:
        saved = datasets.saved(self._cloud, scope, identifier)
        found: list[StoredFile] = []
        for place in data_paths(definition_of(saved["dataflowJson"])):
            if isinstance(place, WebPath):
                seen = self._web.look(place)
                found.append(seen.model_copy(update={"version": f"{seen.version}|{_WEB}|{place.url}"}))
            else:
                found += self._in_datastore(scope, place)
        return found

    def _in_datastore(self, scope: str, place: DataPath) -> list[StoredFile]:
        return [
            StoredFile(
                path=place.relative(blob.name), size=blob.size, version=f"{blob.etag}|{place.datastore}|{blob.name}"
            )
            for blob in self._cloud.blobs.find(container_of(self._cloud, scope, place.datastore), place.base)
            if place.matches(blob.name) and not blob.name.endswith("/")
        ]

    def is_file(self, scope: str, place: DataPath | WebPath) -> bool:
        """Whether a place names one file, rather than a folder."""
        if isinstance(place, WebPath):
            return True
        container = container_of(self._cloud, scope, place.datastore)
        return not place.is_pattern and any(
            blob.name == place.path for blob in self._cloud.blobs.find(container, place.path)
        )

    def fetch(self, source: str, file: StoredFile, target: Path) -> None:
        """Write a file's bytes to `target`; OSError if storage says no."""
        kind, scope, _ = source.split("|", 2)
        try:
            if kind == "snapshot":
                self._cloud.blobs.download(content.container_of(self._cloud, scope), file.version, target)
            else:
                _, datastore, name = file.version.split("|", 2)
                if datastore == _WEB:
                    self._web.fetch(name, target)
                    return
                self._cloud.blobs.download(container_of(self._cloud, scope, datastore), name, target)
        except (ServiceError, BlobError) as error:
            raise OSError(str(error)) from error
