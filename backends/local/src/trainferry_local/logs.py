"""Reading the log of a run, piece by piece."""

import codecs
import os

from trainferry.errors import BackendError
from trainferry.results import LogChunk
from trainferry_local.supervision import states
from trainferry_local.supervision.layout import Run
from trainferry_local.watching import status_of

_CHUNK = 1 << 20
"""Most bytes of one piece; a longer log comes in several."""


def read_log(run: Run, cursor: str | None) -> LogChunk:
    """The log from `cursor`, a count of bytes, on. A character that is only half written waits for its other half.

    Bytes that are no UTF-8 are shown as the replacement character.
    """
    start = _start(cursor)
    status_of(run)  # notes a dead supervisor, without which the log of its run would never be finished
    state = states.read_state(run)  # before reading: what is written up to the end of the run is then in the file
    try:
        with open(run.log, "rb") as stream:  # noqa: PTH123  (paths of the shared layout are texts)
            size = os.fstat(stream.fileno()).st_size
            stream.seek(min(start, size))
            data = stream.read(_CHUNK)
    except FileNotFoundError:
        size, data = 0, b""
    at_end = start + len(data) >= size
    finished = at_end and (state is None or state.final)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data, final=finished)
    half_character = len(decoder.getstate()[0])
    return LogChunk(text, str(start + len(data) - half_character), finished)


def _start(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit()):
        raise BackendError(f"{cursor!r} is no place in a log of the local backend", remedy="start from the beginning")
    return int(cursor)
