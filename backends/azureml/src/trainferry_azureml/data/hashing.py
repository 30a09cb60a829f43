"""Hashes of local files, in as many threads as there are cores: hashlib lets go of the interpreter while it works."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal

from trainferry_azureml.data import refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trainferry_azureml.data.folder import LocalFile

CHUNK = 1 << 20
"""Read at once (bytes)."""

Algorithm = Literal["sha256", "md5"]


def hash_files(files: Sequence[LocalFile], algorithm: Algorithm, done: Callable[[int], None]) -> list[bytes]:
    """Digests of the files, in their order; `done` is told the bytes of each, from any thread.

    Raises BackendError for a file that can't be read, or that is no longer what it was when it was listed.
    """

    def one(file: LocalFile) -> bytes:
        digest = hash_file(file, algorithm)
        done(file.bytes)
        return digest

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(one, files))


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
