"""Uploads to a real Azurite over TLS: what arrives, what is not sent twice, and what is refused."""

import base64
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blob_storage import HASTY, Storage, content, make_container
from trainferry.errors import BackendError
from trainferry_azureml.data import AccountKey, ContainerAccess, Sas, plan_upload, upload
from trainferry_azureml.data.blocks import BLOCK
from trainferry_azureml.data.container import Container
from trainferry_azureml.data.hashing import PIECE

if TYPE_CHECKING:
    from trainferry.progress import Progress


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_file_arrives_under_its_name_with_its_md5(access: ContainerAccess, folder: Path) -> None:
    plan = plan_upload(folder, access, patience=HASTY)
    assert not plan.complete
    assert plan.send_files == plan.version.files == 7
    assert plan.send_bytes == plan.version.bytes == sum(len(data) for data in files_of(folder).values())
    assert content(access, plan.version.root) == {}, "planning changes nothing"
    events: list[Progress] = []
    version = upload(plan, events.append, patience=HASTY)
    assert content(access, version.prefix) == files_of(folder)
    with Container(access, HASTY) as container:
        listed = {blob.name: blob.md5 for blob in container.list(version.prefix, "list")}
    for name, data in files_of(folder).items():
        assert listed[f"{version.prefix}/{name}"] == base64.b64encode(hashlib.md5(data).digest()).decode()  # noqa: S324
    last = {event.message: event for event in events}
    assert (last["uploading data"].done, last["uploading data"].total) == (version.bytes, version.bytes)
    assert (last["uploading files"].done, last["uploading files"].total) == (7, 7)


def test_an_unchanged_folder_costs_one_request_and_reads_no_file(
    storage: Storage, access: ContainerAccess, folder: Path, tmp_path: Path
) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (1, 1))
    first = upload(plan_upload(folder, access, cache=tmp_path / "cache"))
    storage.faults({"probability": 0.0})
    plan = plan_upload(folder, access, cache=tmp_path / "cache")
    assert upload(plan) == first
    assert [rule["seen"] for rule in storage.counts()] == [1]
    assert (plan.complete, plan.send_files, plan.send_bytes) == (True, 0, 0)


def test_equal_content_is_one_version_wherever_it_lies(access: ContainerAccess, folder: Path, tmp_path: Path) -> None:
    upload(plan_upload(folder, access))
    other = folder.rename(tmp_path / "elsewhere")
    assert plan_upload(other, access).complete
    (other / "a.txt").write_bytes(b"b")
    changed = plan_upload(other, access)
    assert not changed.complete


def test_a_signature_for_the_container_is_enough(storage: Storage, access: ContainerAccess, folder: Path) -> None:
    signed = storage.signed(access.container)
    version = upload(plan_upload(folder, signed), patience=HASTY)
    assert content(access, version.prefix) == files_of(folder)


def test_a_large_file_goes_in_blocks_and_goes_on_where_it_stopped(
    storage: Storage, access: ContainerAccess, tmp_path: Path
) -> None:
    file = tmp_path / "large.bin"
    file.write_bytes(os.urandom(BLOCK) * 3 + b"the rest")
    plan = plan_upload(file, access)
    assert plan.version.files == 1
    storage.faults({"expression": "large", "methods": ["PUT"], "after": 2, "kind": "error", "status": 500})
    with pytest.raises(BackendError, match="500"):
        upload(plan, patience=HASTY.__class__(seconds=0, timeout=5), connections=1)
    storage.faults({"expression": "large", "methods": ["PUT"], "probability": 0.0})
    version = upload(plan_upload(file, access), patience=HASTY)
    assert storage.counts()[0]["seen"] == 3, "two blocks of four were there; the last two and the list were not"
    assert content(access, version.prefix) == {"large.bin": file.read_bytes()}


def test_what_is_there_and_right_is_not_sent_again_and_what_is_wrong_is(
    storage: Storage, access: ContainerAccess, folder: Path
) -> None:
    plan = plan_upload(folder, access)
    with Container(access, HASTY) as container:
        data = (folder / "a.txt").read_bytes()
        md5 = hashlib.md5(data).digest()  # noqa: S324
        container.put_blob(f"{plan.version.prefix}/a.txt", data, md5, "prepare")
        other = hashlib.md5(b"ODD").digest()  # noqa: S324
        container.put_blob(f"{plan.version.prefix}/50% #1 & more?.txt", b"ODD", other, "prepare")
    again = plan_upload(folder, access)
    assert {source.file.name for source in again.missing} == files_of(folder).keys() - {"a.txt"}
    assert content(access, upload(again).prefix) == files_of(folder)


def test_a_thorough_plan_finds_what_was_deleted_behind_the_manifest(access: ContainerAccess, folder: Path) -> None:
    version = upload(plan_upload(folder, access))
    with Container(access, HASTY) as container:
        container.request("DELETE", f"{version.prefix}/a.txt", {}, {}, b"", "delete")
    assert plan_upload(folder, access).complete
    thorough = plan_upload(folder, access, thorough=True)
    assert [source.file.name for source in thorough.missing] == ["a.txt"]
    upload(thorough)
    assert content(access, version.prefix) == files_of(folder)


def test_a_stranger_below_the_prefix_is_an_error(access: ContainerAccess, folder: Path) -> None:
    plan = plan_upload(folder, access)
    with Container(access, HASTY) as container:
        container.put_blob(f"{plan.version.prefix}/stranger", b"", hashlib.md5(b"").digest(), "prepare")  # noqa: S324
    with pytest.raises(BackendError, match=r"not part of this dataset: .*stranger"):
        upload(plan)
    assert not plan_upload(folder, access).complete


@pytest.mark.parametrize("size", [10, BLOCK + 10])
def test_a_file_that_changes_before_it_is_read_is_an_error(access: ContainerAccess, tmp_path: Path, size: int) -> None:
    file = tmp_path / "data.bin"
    file.write_bytes(b"x" * size)
    plan = plan_upload(file, access)
    file.write_bytes(b"y" * size)
    with pytest.raises(BackendError, match="changed while it was uploaded"):
        upload(plan)
    file.write_bytes(b"x" * (size - 1))
    with pytest.raises(BackendError, match="changed while it was uploaded"):
        upload(plan)
    file.unlink()
    with pytest.raises(BackendError, match="it is gone"):
        upload(plan)


def test_a_large_file_is_named_by_the_hashes_of_its_pieces(access: ContainerAccess, tmp_path: Path) -> None:
    data = os.urandom(PIECE) * 2 + b"the rest"
    (tmp_path / "data.bin").write_bytes(data)
    (source,) = plan_upload(tmp_path / "data.bin", access).missing
    pieces = [data[:PIECE], data[PIECE : 2 * PIECE], b"the rest"]
    together = b"".join(hashlib.sha256(piece).digest() for piece in pieces)
    assert source.sha256 == hashlib.sha256(together).hexdigest()


def test_a_container_that_is_not_there_is_named(storage: Storage, folder: Path) -> None:
    with pytest.raises(BackendError, match="ContainerNotFound") as caught:
        plan_upload(folder, storage.access("nowhere"), patience=HASTY)
    assert "container" in caught.value.remedy


def test_a_wrong_key_and_a_bad_signature_are_told_without_showing_them(
    storage: Storage, access: ContainerAccess, folder: Path
) -> None:
    key = base64.b64encode(b"wrong" * 10).decode()
    wrong = ContainerAccess(access.url, AccountKey("ferrytests", key))
    with pytest.raises(BackendError, match="403") as caught:
        plan_upload(folder, wrong, patience=HASTY)
    assert key not in str(caught.value)
    assert key not in repr(wrong)
    bad = ContainerAccess(access.url, Sas("?sv=2021-12-02&sr=c&sp=rwl&sig=abcdefgh&se=2000-01-01T00:00:00Z"))
    with pytest.raises(BackendError, match="403") as caught:
        plan_upload(folder, bad, patience=HASTY)
    assert "abcdefgh" not in str(caught.value)
    assert "abcdefgh" not in repr(bad)


def test_a_server_that_nobody_vouches_for_is_not_trusted(
    access: ContainerAccess, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(BackendError, match=r"certificate of 127\.0\.0\.1:.* is not trusted"):
        plan_upload(folder, access, patience=HASTY)


def test_addresses_that_are_no_container_are_refused() -> None:
    key = AccountKey("a", "a2V5")
    for url, message in {
        "http://example.com/c": "unencrypted",
        "https://a.blob.core.windows.net": "not the address of a blob container",
        "https://a.blob.core.windows.net/c?sig=x": "ends with its name",
        "ftp://a/c": "not the address",
    }.items():
        with pytest.raises(BackendError, match=message):
            ContainerAccess(url, key)
    with pytest.raises(BackendError, match="not valid base64"):
        plan_upload(Path(__file__), ContainerAccess("https://127.0.0.1:9/c", AccountKey("a", "?")), patience=HASTY)


def test_the_form_of_address_that_the_sdk_writes_works(storage: Storage, folder: Path) -> None:
    container = storage.access("sdkform")
    make_container(container)
    url = f"https://ferrytests.blob.@127.0.0.1:{storage.port}/sdkform"
    version = upload(plan_upload(folder, ContainerAccess(url, container.credential)), patience=HASTY)
    assert content(container, version.prefix) == files_of(folder)
