"""Downloads from a real Azurite: whole or not at all, below the destination, resumed and verified."""

import base64
import hashlib
import os
from pathlib import Path

import pytest

from blob_storage import HASTY, Storage
from trainferry.errors import BackendError
from trainferry.progress import Progress
from trainferry_azureml.data import ContainerAccess, Patience, RemoteFile, download
from trainferry_azureml.data.container import Container

DATA = {"outputs/model.bin": os.urandom(700_000), "logs/std log.txt": b"line\n" * 9, "empty": b""}


def md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


@pytest.fixture
def remote(storage: Storage, access: ContainerAccess) -> list[RemoteFile]:
    """Three blobs, by addresses that open them."""
    with Container(access, HASTY) as container:
        for name, data in DATA.items():
            container.put_blob(name, data, md5(data), "prepare")
    return [RemoteFile(storage.url(access.container, name), name, len(data)) for name, data in DATA.items()]


def there(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_come_home_and_are_not_fetched_twice(storage: Storage, remote: list[RemoteFile], tmp_path: Path) -> None:
    events: list[Progress] = []
    places = download(remote, tmp_path / "new" / "home", events.append, patience=HASTY)
    assert [place.relative_to(tmp_path / "new" / "home").as_posix() for place in places] == list(DATA)
    assert there(tmp_path / "new" / "home") == DATA
    total = sum(len(data) for data in DATA.values())
    assert Progress("fetching data", total, total, "byte") in events
    stamp = places[0].stat()
    download(remote, tmp_path / "new" / "home", patience=HASTY)
    assert places[0].stat() == stamp
    known = [RemoteFile(file.url, file.path, md5=base64.b64encode(md5(DATA[file.path])).decode()) for file in remote]
    storage.faults({"probability": 0.0})
    download(known, tmp_path / "new" / "home", patience=HASTY)
    assert storage.counts()[0]["seen"] == 0, "the MD5 was known, so nobody was asked"
    places[0].write_bytes(b"spoilt")
    download(remote, tmp_path / "new" / "home", patience=HASTY)
    assert there(tmp_path / "new" / "home") == DATA


def test_a_download_that_is_cut_goes_on_where_it_stopped(
    storage: Storage, remote: list[RemoteFile], tmp_path: Path
) -> None:
    storage.faults({"kind": "drop", "bytes": 300_000, "expression": "model"})
    with pytest.raises(BackendError, match=r"can't fetch model\.bin: .*ended after"):
        download(remote[:1], tmp_path, patience=Patience(seconds=0, timeout=5))
    parts = list((tmp_path / "outputs").iterdir())
    assert [part.suffix for part in parts] == [".part"], "no half file under its final name"
    got = parts[0].stat().st_size
    assert got > 100_000
    storage.faults()
    events: list[Progress] = []
    download(remote[:1], tmp_path, events.append, patience=HASTY)
    assert there(tmp_path) == {"outputs/model.bin": DATA["outputs/model.bin"]}


def test_a_part_of_a_file_that_has_changed_since_is_thrown_away(
    storage: Storage, access: ContainerAccess, remote: list[RemoteFile], tmp_path: Path
) -> None:
    storage.faults({"kind": "drop", "bytes": 300_000, "expression": "model"})
    with pytest.raises(BackendError):
        download(remote[:1], tmp_path, patience=Patience(seconds=0, timeout=5))
    storage.faults()
    new = os.urandom(500_000)
    with Container(access, HASTY) as container:
        container.put_blob("outputs/model.bin", new, md5(new), "change")
    download(remote[:1], tmp_path, patience=HASTY)
    assert there(tmp_path) == {"outputs/model.bin": new}


def test_faults_cost_time_only(storage: Storage, remote: list[RemoteFile], tmp_path: Path) -> None:
    storage.faults(
        {"kind": "error", "status": 503, "count": 2},
        {"kind": "disconnect", "count": 2},
        {"kind": "drop", "bytes": 200_000, "expression": "model", "count": 2},
    )
    download(remote, tmp_path, patience=HASTY)
    assert there(tmp_path) == DATA


@pytest.mark.parametrize("path", ["../out", "/out", "a/../../out", "", ".", "a\\b", "out/x"])
def test_nothing_is_written_outside_the_destination(remote: list[RemoteFile], tmp_path: Path, path: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (home / "out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BackendError, match=r"won't write|can't write"):
        download([remote[0], RemoteFile(remote[1].url, path)], home)
    assert there(tmp_path) == {}, "refused before anything was fetched"


def test_content_that_is_not_what_was_said_is_refused(remote: list[RemoteFile], tmp_path: Path) -> None:
    wrong = RemoteFile(remote[0].url, "model", md5=base64.b64encode(md5(b"other")).decode())
    with pytest.raises(BackendError, match="another MD5"):
        download([wrong], tmp_path, patience=Patience(seconds=0.1, first_wait=0.01))
    assert there(tmp_path) == {}


def test_refusals_name_the_cause_and_no_signature(storage: Storage, remote: list[RemoteFile], tmp_path: Path) -> None:
    gone = RemoteFile(remote[0].url.replace("model.bin", "gone.bin"), "gone")
    with pytest.raises(BackendError, match=r"can't fetch gone: .* answered 40[34]") as caught:
        download([gone], tmp_path, patience=HASTY)
    signature = gone.url.rpartition("sig=")[2]
    assert signature not in str(caught.value) + repr(gone)
    with pytest.raises(BackendError, match="unencrypted"):
        download([RemoteFile("http://example.com/x", "x")], tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(BackendError, match="can't write"):
        download(remote, tmp_path / "file", patience=HASTY)
