"""What the engine reads: the files of snapshots and datasets, by what an order calls them."""

from collections.abc import Sequence
from pathlib import Path

from azureml_emulator.content import models as content
from azureml_emulator.dataset import models as datasets
from azureml_emulator.dataset.paths import DataPath, data_paths, definition_of
from azureml_emulator.datastore.models import container_of
from azureml_emulator.engine.contract import StoredFile
from azureml_emulator.server.cloud import Cloud
from azureml_emulator.server.errors import ServiceError
from azureml_emulator.storage.blobs import BlobError


class CloudStorage:
    """Gives the engine bytes. A source is `snapshot|SCOPE|ID` or `dataset|SCOPE|SAVED ID`."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

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
        return [
            StoredFile(
                path=place.relative(blob.name), size=blob.size, version=f"{blob.etag}|{place.datastore}|{blob.name}"
            )
            for place in data_paths(definition_of(saved["dataflowJson"]))
            for blob in self._cloud.blobs.find(container_of(self._cloud, scope, place.datastore), place.base)
            if place.matches(blob.name) and not blob.name.endswith("/")
        ]

    def is_file(self, scope: str, place: DataPath) -> bool:
        """Whether a place names one blob, rather than a folder."""
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
                self._cloud.blobs.download(container_of(self._cloud, scope, datastore), name, target)
        except (ServiceError, BlobError) as error:
            raise OSError(str(error)) from error
