"""A file that is sent in blocks, which are named by their content: those that an earlier try sent aren't sent again."""

from __future__ import annotations

import base64
import hashlib
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainferry_azureml.data import refusals
from trainferry_azureml.data.hashing import PIECE, of_pieces, pieces_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainferry_azureml.data.plan import Source

BLOCK = PIECE
"""Size of a block (bytes), and of the largest file that goes in one request."""
MOST_BLOCKS = 50_000
"""Blocks that one blob can have (count)."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block as it is sent."""

    id: str
    data: memoryview
    md5: bytes


class BlockedFile:
    """Reads a large file in order, block by block, for several threads, and tells when the last one was sent."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.block_size = block_size(source.file.bytes)
        self.count = -(-source.file.bytes // self.block_size)
        self._next = 0
        self._ids = [""] * self.count
        self._pieces = [b""] * self.count
        self._left = self.count
        self._stream: int | None = None
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._there: frozenset[str] | None = None
        self._lock = threading.Lock()

    def next_block(self, ask: Callable[[], frozenset[str]], buffer: bytearray) -> tuple[Block, bool]:
        """The next block, and whether it is in the container already; `ask` tells once which blocks are.

        The block's data lies in `buffer`, which is as long as a block (bytes).

        Raises BackendError if the file can't be read or ends too early.
        """
        with self._lock:
            if self._there is None:
                self._there = ask()
            number, self._next = self._next, self._next + 1
            data = self._read(number, buffer)
            self._md5.update(data)
        # Outside of the lock, so that several cores hash at once.
        digest = hashlib.md5(data, usedforsecurity=False)
        block = base64.b64encode(f"{number:06d}{digest.hexdigest()}".encode()).decode()
        self._ids[number], self._pieces[number] = block, pieces_of(data)
        return Block(block, data, digest.digest()), block in self._there

    def was_sent(self) -> bool:
        """Count one more block as sent; whether it was the last one."""
        with self._lock:
            self._left -= 1
            return self._left == 0

    def finish(self) -> tuple[list[str], bytes]:
        """Ids of all blocks in order, and the MD5 of the whole; raises BackendError if the file was changed."""
        self.close()
        if of_pieces(self._pieces).hex() != self.source.sha256:
            raise refusals.changed(self.source.file.path, "its content is another")
        return self._ids, self._md5.digest()

    def close(self) -> None:
        """Close the file."""
        if self._stream is not None:
            os.close(self._stream)
            self._stream = None

    def _read(self, number: int, buffer: bytearray) -> memoryview:
        path = self.source.file.path
        start = number * self.block_size
        wanted = min(self.block_size, self.source.file.bytes - start)
        try:
            if self._stream is None:
                self._stream = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            data = memoryview(buffer)[:wanted]
            got = os.preadv(self._stream, [data], start)
        except OSError as error:
            raise refusals.unreadable(error, path) from error
        if got != wanted:
            raise refusals.changed(path, "it is shorter")
        return data


def block_size(size: int) -> int:
    """Size of the blocks of a file of that size (bytes): 8 MiB, or as many times 8 MiB as makes 50,000 blocks do."""
    return -(-size // (MOST_BLOCKS * BLOCK)) * BLOCK or BLOCK
