"""Hashes of local files, in as many threads as there are cores: hashlib lets go of the interpreter while it works."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal

from trainferry_azureml.data import refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trainferry_azureml.data.folder import LocalFile

CHUNK = 1 << 20
"""Read at once (bytes)."""
BATCH = 2 << 20
"""Hashed by one thread before it takes more (bytes)."""

Algorithm = Literal["sha256", "md5"]


def hash_files(files: Sequence[LocalFile], algorithm: Algorithm, done: Callable[[int], None]) -> list[bytes]:
    """Digests of the files, in their order; `done` is told the bytes of each, from any thread.

    Raises BackendError for a file that can't be read, or that is no longer what it was when it was listed.
    """

    def some(batch: Sequence[LocalFile]) -> list[bytes]:
        digests = []
        for file in batch:
            digests.append(hash_file(file, algorithm))
            done(file.bytes)
        return digests

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return [digest for digests in pool.map(some, batched(files)) for digest in digests]


def batched(files: Sequence[LocalFile]) -> Iterator[Sequence[LocalFile]]:
    """Files in runs of a few MiB: to hand over a small file costs a thread more time than to hash it."""
    start = size = 0
    for end, file in enumerate(files, 1):
        size += file.bytes
        if size >= BATCH or end == len(files):
            yield files[start:end]
            start, size = end, 0


def hash_file(file: LocalFile, algorithm: Algorithm) -> bytes:
    """Digest of one file; raises as `hash_files` does."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    try:
        with open(file.path, "rb", buffering=0) as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
            same = file.is_now(os.fstat(stream.fileno()))
    except OSError as error:
        raise refusals.unreadable(error, file.path) from error
    if not same:
        raise refusals.changed(file.path, "its size or time is another")
    return digest.digest()
