"""The content of a local dataset: its files, their digests, and the one digest that names it all."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainferry.errors import BackendError
from trainferry_ray.node.folders import read_json, write_json


@dataclass(frozen=True, slots=True)
class Content:
    """A dataset as it is now. `manifest` holds path, size (bytes) and sha256 of each file, by path."""

    root: Path
    manifest: tuple[tuple[str, int, str], ...]

    @property
    def digest(self) -> str:
        """64 hex digits over paths and contents."""
        return hashlib.sha256(json.dumps(self.manifest).encode()).hexdigest()

    @property
    def size(self) -> int:
        """All bytes."""
        return sum(size for _, size, _ in self.manifest)

    def stream(self, offset: int, piece: int) -> Iterator[bytes]:
        """The files one after the other, from `offset` on, in pieces of that many bytes."""
        buffer = bytearray()
        for path, size, _ in self.manifest:
            if offset >= size:
                offset -= size
                continue
            with (self.root / path).open("rb") as opened:
                opened.seek(offset)
                offset = 0
                while block := opened.read(piece - len(buffer)):
                    buffer += block
                    if len(buffer) == piece:
                        yield bytes(buffer)
                        buffer.clear()
        if buffer:
            yield bytes(buffer)


def files_of(origin: Path) -> list[tuple[str, int]]:
    """Path and size of each file of a dataset, by path; a single file counts as a folder that holds it."""
    if origin.is_file():
        return [(origin.name, origin.stat().st_size)]
    found = []
    for folder, _, names in os.walk(origin):
        for name in names:
            path = Path(folder) / name
            if path.is_file():
                found.append((path.relative_to(origin).as_posix(), path.stat().st_size))
    return sorted(found)


def content_of(origin: Path, cache: Path) -> Content:
    """Read a dataset's content; a file that has the same size and time as when it was last read isn't read again."""
    root = origin.parent if origin.is_file() else origin
    memory = cache / "ray-digests" / f"{hashlib.sha256(str(origin).encode()).hexdigest()[:32]}.json"
    known: dict[str, list[Any]] = read_json(memory) or {}
    fresh, manifest = {}, []
    try:
        for path, size in files_of(origin):
            stamp = (root / path).stat().st_mtime_ns
            old = known.get(path)
            digest = old[2] if old and old[:2] == [size, stamp] else _sha256(root / path)
            fresh[path] = [size, stamp, digest]
            manifest.append((path, size, digest))
    except OSError as error:
        raise BackendError(f"can't read {error.filename}: {error.strerror}", remedy="make it readable") from error
    if fresh != known:
        memory.parent.mkdir(parents=True, exist_ok=True)
        write_json(memory, fresh)
    return Content(root, tuple(manifest))


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
