"""Real blob storage for the tests of uploads and downloads: Azurite as the emulator starts it, faults on demand."""

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from blob_storage import ACCOUNT, KEY, Storage, make_container
from trainferry_azureml.data import ContainerAccess


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """One Azurite for all tests of this folder."""
    pytest.importorskip(
        "azureml_emulator", reason="the emulator's distribution, which starts Azurite, is not installed"
    )
    from azureml_emulator import certificates
    from azureml_emulator.storage.azurite import Azurite

    folder = tmp_path_factory.mktemp("azurite")
    made, secret = certificates.ensure(folder / "tls"), secrets.token_hex(8)
    server = Azurite(folder / "blobs", ACCOUNT, KEY, secret, made, 0)
    server.start()
    try:
        server.wait()
        yield Storage(server.port, secret, made.authority)
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture
def storage(azurite: Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """The storage, trusted, and without faults at the start and at the end."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(azurite.authority))
    yield azurite
    azurite.faults()


@pytest.fixture
def access(storage: Storage) -> ContainerAccess:
    """A fresh container."""
    found = storage.access("c" + secrets.token_hex(8))
    make_container(found)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small data folder, with names that are easily got wrong."""
    root = tmp_path / "data"
    files = {"a.txt": b"a", "empty": b"", "deep/er/b.bin": bytes(range(256)) * 300}
    files |= {"grüße ☃.txt": b"snow", "50% #1 & more?.txt": b"odd", "x+y=z;'(~).txt": b"signs", "deep/%41": b"encoded"}
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root
