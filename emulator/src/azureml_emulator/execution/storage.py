"""What the engine reads: the files of snapshots and datasets, by what an order calls them."""

from collections.abc import Sequence
from pathlib import Path

from azureml_emulator.content import models as content
from azureml_emulator.dataset import models as datasets
from azureml_emulator.dataset.paths import data_paths, definition_of
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
        found = []
        for datastore, path, base in self._places(scope, identifier):
            for blob in self._cloud.blobs.find(container_of(self._cloud, scope, datastore), path):
                if not blob.name.endswith("/"):
                    name = blob.name.removeprefix(base)
                    found.append(StoredFile(path=name, size=blob.size, version=f"{blob.etag}|{datastore}|{blob.name}"))
        return found

    def _places(self, scope: str, identifier: str) -> list[tuple[str, str, str]]:
        """Datastore, start of the names of the blobs, and what of these isn't part of the path in the dataset."""
        saved = datasets.saved(self._cloud, scope, identifier)
        places = []
        for one in data_paths(definition_of(saved["dataflowJson"])):
            base = f"{one.path}/" if one.path and not one.single else ""
            if one.single:
                base = one.path.rpartition("/")[0] + "/" if "/" in one.path else ""
            places.append((one.datastore, one.path if one.single else base, base))
        return places

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
