"""Reading the log of a run, piece by piece."""

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
    final = state is None or state.final
    if not (at_end and final):
        data = data[: len(data) - _half_character(data)]
    return LogChunk(data.decode(errors="replace"), str(start + len(data)), at_end and final)


def _start(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit()):
        raise BackendError(f"{cursor!r} is no place in a log of the local backend", remedy="start from the beginning")
    return int(cursor)


def _half_character(data: bytes) -> int:
    """Bytes at the end that begin a UTF-8 character without finishing it (0 to 3)."""
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:  # the first byte of a longer character
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if byte < 0xF8 and length > back else 0
        if byte < 0x80:
            return 0
    return 0
