"""What of a folder is a dataset, and what it is known by; no storage needed."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainferry.errors import BackendError
from trainferry_azureml.data.answers import read_block_list, read_listing
from trainferry_azureml.data.blocks import BLOCK, MOST_BLOCKS, block_size
from trainferry_azureml.data.folder import list_folder
from trainferry_azureml.data.hashing import hash_files
from trainferry_azureml.data.manifest import Content, manifest_of
from trainferry_azureml.data.patience import LONGEST_WAIT, retry_after
from trainferry_azureml.data.stat_cache import StatCache


def test_links_inside_are_followed_and_a_single_file_is_a_dataset(folder: Path) -> None:
    (folder / "link").symlink_to("a.txt")
    (folder / "more").symlink_to("deep")
    names = [file.name for file in list_folder(folder)]
    assert names == sorted(names)
    assert {"link", "more/er/b.bin", "deep/er/b.bin"} < set(names)
    assert [file.name for file in list_folder(folder / "a.txt")] == ["a.txt"]


def refused(folder: Path, message: str) -> None:
    with pytest.raises(BackendError, match=message) as caught:
        list_folder(folder)
    assert caught.value.remedy


def test_links_that_lead_out_nowhere_or_in_a_circle_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "data-secret").write_text("not yours", encoding="utf-8")
    link = folder / "link"
    for target, message in {
        "../data-secret": "leads out of the dataset",
        "/etc/hostname": "leads out of the dataset",
        "missing": "is not there",
        ".": "in a circle",
        "link": "not there|circle|can't read",
    }.items():
        link.symlink_to(target)
        refused(folder, message)
        link.unlink()


def test_what_no_blob_can_hold_is_refused(folder: Path, tmp_path: Path) -> None:
    refused(tmp_path / "missing", "can't read")
    (tmp_path / "empty" / "folders").mkdir(parents=True)
    refused(tmp_path / "empty", "holds no file")
    for name, message in {
        b"new\nline": "holds the character",
        b"back\\slash": "holds the character",
        b"\xff\xfe": "not valid UTF-8",
        b"dot.": "ends with a dot",
    }.items():
        file = os.path.join(os.fsencode(folder), name)  # noqa: PTH118  (bytes)
        Path(os.fsdecode(file)).touch()
        refused(folder, message)
        Path(os.fsdecode(file)).unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "s"))
        refused(folder, "no regular file")


@given(st.lists(st.tuples(st.text(min_size=1), st.integers(0), st.text("0123456789abcdef", min_size=64, max_size=64))))
def test_a_manifest_does_not_depend_on_order_and_tells_every_difference(rows: list[tuple[str, int, str]]) -> None:
    files = [Content(*row) for row in {row[0].encode(errors="replace").decode(): row for row in rows}.values()]
    files = [Content(file.name.encode(errors="replace").decode(), file.bytes, file.sha256) for file in files]
    version = manifest_of(files).version
    assert manifest_of(reversed(files)).version == version
    assert manifest_of([*files, Content("one\nmore", 1, "0" * 64)]).version.hash != version.hash
    assert manifest_of(files).text.count(b"\n") == len(files) + 1


def test_the_cache_takes_no_changed_file_for_known(folder: Path, tmp_path: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (1, 1))
    cache = tmp_path / "cache"
    files = list_folder(folder)
    settled = [file for file in files if file.name != "a.txt"]
    StatCache(cache, "d").keep((file, "ab") for file in files)
    assert StatCache(cache, "d").sha256(files[0]) is None, "written just now, it may change and look the same"
    old = [type(file)(file.name, file.path, file.bytes, 1, 1, file.inode) for file in settled]
    StatCache(cache, "d").keep((file, "ab") for file in old)
    assert {StatCache(cache, "d").sha256(file) for file in old} == {"ab"}
    assert {StatCache(cache, "d").sha256(file) for file in settled} == {None}
    for path in cache.iterdir():
        path.write_text('{"form": 2, "files": {"a.txt": 3}}', encoding="utf-8")
    assert {StatCache(cache, "d").sha256(file) for file in old} == {None}
    cache.joinpath("x").mkdir()


def test_a_cache_that_cannot_be_written_costs_nothing_but_itself(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    StatCache(tmp_path / "file" / "cache", "d").keep((file, "ab") for file in list_folder(folder))


def test_a_file_that_changes_while_it_is_hashed_is_an_error(folder: Path) -> None:
    files = list_folder(folder)
    (folder / "a.txt").write_bytes(b"longer")
    with pytest.raises(BackendError, match="changed"):
        hash_files(files, "sha256", lambda _: None)


def test_blocks_fit_the_most_that_a_blob_has() -> None:
    assert block_size(BLOCK + 1) == BLOCK
    for size in (MOST_BLOCKS * BLOCK, MOST_BLOCKS * BLOCK + 1, 4000 << 30):
        assert -(-size // block_size(size)) <= MOST_BLOCKS


def test_listings_are_read_and_a_document_type_is_refused() -> None:
    page = b"""\xef\xbb\xbf<?xml version="1.0"?><EnumerationResults><Blobs><Blob><Name>a &amp; b</Name><Properties>
    <Content-Length>3</Content-Length><Content-MD5>abc=</Content-MD5></Properties></Blob><Blob><Name Encoded="true">%01
    </Name><Properties><Content-Length>0</Content-Length><Content-MD5 /></Properties></Blob></Blobs>
    <NextMarker>more</NextMarker></EnumerationResults>"""
    blobs, marker = read_listing(page)
    assert [(blob.name.strip(), blob.bytes, blob.md5) for blob in blobs] == [("a & b", 3, "abc="), ("\x01", 0, "")]
    assert marker == "more"
    assert read_block_list(
        b"<BlockList><UncommittedBlocks><Block><Name>a</Name></Block></UncommittedBlocks></BlockList>"
    )
    with pytest.raises(BackendError, match="document type"):
        read_listing(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    with pytest.raises(BackendError, match="no list"):
        read_listing(b"<html><p>Log in</html>")


def test_a_wait_that_is_asked_for_is_read_in_both_forms() -> None:
    assert retry_after({"retry-after": "3"}) == 3
    assert retry_after({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}) == 0
    assert retry_after({"retry-after": "Fri, 31 Dec 2199 23:59:59 GMT"}) == LONGEST_WAIT
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None
