"""Receiving a dataset piece by piece: resumable, verified, and under its final name only when it is whole.

The files of a dataset, in the order of its manifest, make one long stream; a piece is a part of that stream.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from trainferry_ray.node.datasets import content_folder
from trainferry_ray.node.folders import read_json, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Damaged(Exception):
    """What arrived is not what was sent; the text says which file."""


def is_complete(storage: Path, digest: str) -> bool:
    """Whether the dataset is there, whole."""
    return (content_folder(storage, digest) / "content").exists()


def begin(storage: Path, digest: str, manifest: list[list[Any]]) -> int:
    """Make ready for a dataset; `manifest` holds path, size and sha256 of each file. Bytes that are there already."""
    if is_complete(storage, digest):
        return sum(size for _, size, _ in manifest)
    folder = content_folder(storage, digest)
    if not (folder / "manifest.json").exists():
        for path, _, _ in manifest:
            if os.path.isabs(path) or ".." in Path(path).parts:
                raise Damaged(f"{path!r} leads out of the dataset")
        (folder / "part").mkdir(parents=True, exist_ok=True)
        write_json(folder / "manifest.json", manifest)
    if not manifest or not any(size for _, size, _ in manifest):
        receive(storage, digest, 0, b"")
    return int(read_json(folder / "received.json") or 0)


def receive(storage: Path, digest: str, offset: int, data: bytes) -> int:
    """Write a piece that starts at `offset`; returns how much is there now. A piece that came before is skipped."""
    folder = content_folder(storage, digest)
    if is_complete(storage, digest):
        return offset + len(data)
    manifest = read_json(folder / "manifest.json")
    received = int(read_json(folder / "received.json") or 0)
    if offset > received:
        raise Damaged(f"a piece is missing: {received} bytes are here, the next piece starts at {offset}")
    for path, at, part in _places(manifest, offset, data):
        home = folder / "part" / path
        home.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(home, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.seek(at)
            stream.write(part)
    received = max(received, offset + len(data))
    write_json(folder / "received.json", received)
    if received >= sum(size for _, size, _ in manifest):
        _complete(folder, manifest)
    return received


def _places(manifest: list[list[Any]], offset: int, data: bytes) -> Iterator[tuple[str, int, bytes]]:
    """Which file gets which part of a piece, and where; empty files too, as soon as the stream reaches them."""
    start, end = 0, offset + len(data)
    for path, size, _ in manifest:
        first, last = max(start, offset), min(start + size, end)
        if first < last:
            yield path, first - start, data[first - offset : last - offset]
        elif size == 0 and offset <= start <= end:
            yield path, 0, b""
        start += size


def _complete(folder: Path, manifest: list[list[Any]]) -> None:
    for path, _, expected in manifest:
        with (folder / "part" / path).open("rb") as stream:
            if _sha256(stream) != expected:
                shutil.rmtree(folder)
                raise Damaged(f"{path} arrived damaged; the upload starts over")
    try:
        (folder / "part").rename(folder / "content")
    except OSError:
        if not (folder / "content").exists():  # another one was faster
            raise


def _sha256(stream: Any) -> str:
    total = hashlib.sha256()
    while block := stream.read(1 << 20):
        total.update(block)
    return total.hexdigest()


def stream(storage: Path, digest: str, piece: int) -> Iterator[tuple[list[list[Any]], int, bytes]]:
    """A dataset that is here, as (manifest, offset, piece), to be handed to another node."""
    folder = content_folder(storage, digest)
    manifest = read_json(folder / "manifest.json")
    offset = 0
    yield manifest, 0, b""
    for path, _, _ in manifest:
        with (folder / "content" / path).open("rb") as opened:
            while block := opened.read(piece):
                yield manifest, offset, block
                offset += len(block)
