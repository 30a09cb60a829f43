"""Reading the log of a run, piece by piece: from the node's disk where it can be seen, else from Ray."""

import codecs
from pathlib import Path

from trainferry.errors import BackendError
from trainferry.results import LogChunk
from trainferry_ray.node import outcome
from trainferry_ray.node.folders import RunFolder
from trainferry_ray.target import Ref, Target

_CHUNK = 1 << 20
"""Most bytes of one piece from a disk; a longer log comes in several."""


def read_log(target: Target, ref: Ref, cursor: str | None, *, ended: bool) -> LogChunk:
    """The log from `cursor` on; `ended` says that the run had ended before this was called."""
    if target.visible is not None:
        return _from_disk(RunFolder.of(target.visible, ref.run_id).log, _place(cursor, "b"), ended=ended)
    api = target.running_api()
    text = script_part(api.log(ref.run_id) or "", ended=ended)
    start = _place(cursor, "c")
    return LogChunk(text[start:], f"c{max(start, len(text))}", finished=ended)


def _place(cursor: str | None, unit: str) -> int:
    """A cursor as a count: of bytes (b) in the file, or of characters (c) in the text that Ray has."""
    if cursor is None:
        return 0
    if not (cursor.startswith(unit) and cursor[1:].isascii() and cursor[1:].isdigit()):
        raise BackendError(f"{cursor!r} is no place in this log", remedy="start from the beginning")
    return int(cursor[1:])


def _from_disk(log: Path, start: int, *, ended: bool) -> LogChunk:
    """A character that is only half written waits for its other half; bytes that are no UTF-8 are replaced."""
    try:
        with log.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(min(start, size))
            data = stream.read(_CHUNK)
    except FileNotFoundError:
        size, data = 0, b""
    finished = ended and start + len(data) >= size
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data, final=finished)
    return LogChunk(text, f"b{start + len(data) - len(decoder.getstate()[0])}", finished)


def script_part(log: str, *, ended: bool) -> str:
    """What the script printed, of all that Ray's log of the job holds: Ray's own words and our marks are left out."""
    _, mark, rest = log.partition(outcome.BEGIN)
    if not mark:
        return ""
    text = rest.partition("\n")[2]
    cut = text.rfind("\x1e")
    if cut >= 0 and (text.startswith(outcome.END, cut) or (not ended and outcome.END.startswith(text[cut:]))):
        text = text[:cut]
    return text
