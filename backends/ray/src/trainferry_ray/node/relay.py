"""Handing the script's output on to Ray: the log of the job there is text, whatever bytes the script prints."""

from __future__ import annotations

import codecs
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


class Relay:
    """Copies what a log file gains to this process's own output, which Ray keeps as the log of the job."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._offset = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def advance(self, *, last: bool = False) -> None:
        """Copy what came since the last time; `last` also what looks like half a character."""
        try:
            with self._log.open("rb") as stream:
                stream.seek(self._offset)
                data = stream.read()
        except FileNotFoundError:
            data = b""
        self._offset += len(data)
        text = self._decoder.decode(data, final=last)
        if text:
            say(text)


def say(text: str) -> None:
    """Write to this process's output at once, in UTF-8 whatever the node's locale."""
    sys.stdout.buffer.write(text.encode(errors="replace"))
    sys.stdout.buffer.flush()
