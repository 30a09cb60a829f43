"""Hashes of local files, in as many threads as there are cores: hashlib lets go of the interpreter while it works."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trainferry_azureml.data import refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from trainferry_azureml.data.folder import LocalFile

CHUNK = 1 << 20
"""Read at once (bytes)."""
PIECE = 8 << 20
"""A file that is larger (bytes) is hashed in pieces of this size, so that all cores can work on one file."""
BATCH = 2 << 20
"""Hashed by one thread before it takes more (bytes)."""

Algorithm = Literal["sha256", "md5"]


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a file."""

    file: LocalFile
    start: int
    bytes: int


def hash_files(files: Sequence[LocalFile], algorithm: Algorithm, done: Callable[[int], None]) -> list[bytes]:
    """Digests of the files, in their order; `done` is told the bytes of each part, from any thread.

    An MD5 is always that of the whole file. The SHA-256 of a file over 8 MiB is that of its pieces, as `of_pieces` has
    it. Raises BackendError for a file that can't be read, or that is no longer what it was when it was listed.
    """

    def some(batch: Sequence[Span]) -> list[bytes]:
        digests = []
        for span in batch:
            digests.append(hash_span(span, algorithm))
            done(span.bytes)
        return digests

    spans = [_spans(file, algorithm) for file in files]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        batches = pool.map(some, batched([span for parts in spans for span in parts]))
        digests = iter([digest for batch in batches for digest in batch])
    return [_joined([next(digests) for _ in parts]) for parts in spans]


def of_pieces(digests: Iterable[bytes]) -> bytes:
    """The digest of a large file: SHA-256 of the SHA-256s of its pieces of 8 MiB, one after the other."""
    return hashlib.sha256(b"".join(digests)).digest()


def pieces_of(data: memoryview) -> bytes:
    """The SHA-256s of the pieces of some data, one after the other."""
    return b"".join(hashlib.sha256(data[start : start + PIECE]).digest() for start in range(0, len(data), PIECE))


def batched(spans: Sequence[Span]) -> Iterator[Sequence[Span]]:
    """Spans in runs of a few MiB: to hand over a small file costs a thread more time than to hash it."""
    start = size = 0
    for end, span in enumerate(spans, 1):
        size += span.bytes
        if size >= BATCH or end == len(spans):
            yield spans[start:end]
            start, size = end, 0


def hash_span(span: Span, algorithm: Algorithm) -> bytes:
    """Digest of a part of a file; raises as `hash_files` does."""
    file, left = span.file, span.bytes
    digest = hashlib.new(algorithm, usedforsecurity=False)
    try:
        with open(file.path, "rb", buffering=0) as stream:
            stream.seek(span.start)
            while left and (chunk := stream.read(min(CHUNK, left))):
                digest.update(chunk)
                left -= len(chunk)
            same = file.is_now(os.fstat(stream.fileno())) and not left
    except OSError as error:
        raise refusals.unreadable(error, file.path) from error
    if not same:
        raise refusals.changed(file.path, "its size or time is another")
    return digest.digest()


def _spans(file: LocalFile, algorithm: Algorithm) -> list[Span]:
    if algorithm != "sha256" or file.bytes <= PIECE:
        return [Span(file, 0, file.bytes)]
    return [Span(file, start, min(PIECE, file.bytes - start)) for start in range(0, file.bytes, PIECE)]


def _joined(digests: list[bytes]) -> bytes:
    return digests[0] if len(digests) == 1 else of_pieces(digests)
