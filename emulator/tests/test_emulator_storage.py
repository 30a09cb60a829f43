"""What the services keep in storage, against an Azurite of its own that takes few blocks for each log."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from azureml_emulator import certificates
from azureml_emulator.storage.azurite import Azurite
from azureml_emulator.storage.blobs import ASIDE, BlobError, Blobs

KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
FEW_BLOCKS = """
const path = require('path');
require(path.join(path.dirname(process.argv[1]), 'utils', 'constants.js')).MAX_APPEND_BLOB_BLOCK_COUNT = 3;
"""
"""The limit is 50,000, which is a log of half a day, and minutes of appending."""


@pytest.fixture
def blobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Blobs]:
    """Blobs in an Azurite of its own."""
    (tmp_path / "few.cjs").write_text(FEW_BLOCKS)
    monkeypatch.setenv("NODE_OPTIONS", f"--require {tmp_path / 'few.cjs'}")
    server = Azurite(
        tmp_path / "blobs", "fewblocks", KEY, secrets.token_hex(8), certificates.ensure(tmp_path / "tls"), 0
    )
    server.start()
    try:
        server.wait()
        made = Blobs(server)
        made.ensure_container("logs")
        yield made
        made.close()
    finally:
        server.stop()


@pytest.mark.slow
def test_a_log_of_more_blocks_than_storage_takes(blobs: Blobs) -> None:
    lines = [f"line {number}\n".encode() for number in range(10)]
    offset = 0
    for line in lines:
        for _ in range(2):  # a call may be made twice
            blobs.append("logs", "user_logs/std_log.txt", offset, line)
        offset += len(line)
    assert blobs.read("logs", "user_logs/std_log.txt") == b"".join(lines)
    assert [blob.name for blob in blobs.find("logs")] == ["user_logs/std_log.txt"]


@pytest.mark.slow
def test_a_log_that_was_half_rewritten_is_whole_again(blobs: Blobs) -> None:
    """What a kill leaves that comes while the log is written anew."""
    blobs.append("logs", "x.txt", 0, b"first\n")
    with pytest.raises(BlobError, match="it has 6 bytes"):
        blobs.append("logs", "x.txt", 100, b"nothing was put aside\n")
    blobs.write("logs", f"{ASIDE}/x.txt", b"first\nsecond\n")
    blobs.append("logs", "x.txt", 13, b"third\n")
    assert blobs.read("logs", "x.txt") == b"first\nsecond\nthird\n"
    assert [blob.name for blob in blobs.find("logs")] == ["x.txt"]
