"""Reading a log that lies in a file, piece by piece, for backends whose runs write one."""

import codecs
import os
from pathlib import Path

from trainferry.errors import BackendError
from trainferry.results import LogChunk

CHUNK = 1 << 20
"""Most bytes of one piece; a longer log comes in several."""


def read_chunk(file: Path, cursor: str | None, *, ended: bool) -> LogChunk:
    """The log from `cursor` on, a count of bytes; an empty piece while there is no file.

    `ended` says whether the run had ended before this call: then what is in the file is all. A character that is only
    half written waits for its other half, and bytes that are no UTF-8 are shown as the replacement character.
    BackendError for a cursor that is none of ours.
    """
    start = _start(cursor)
    try:
        with file.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            stream.seek(min(start, size))
            data = stream.read(CHUNK)
    except FileNotFoundError:
        size, data = 0, b""
    finished = ended and start + len(data) >= size
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data, final=finished)
    half_character = len(decoder.getstate()[0])
    return LogChunk(text, str(start + len(data) - half_character), finished)


def _start(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit()):
        raise BackendError(f"{cursor!r} is no place in a log", remedy="start from the beginning")
    return int(cursor)
