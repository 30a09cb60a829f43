"""The cursor counts characters where the file counts bytes: whoever goes on gets some text again."""

from dataclasses import replace

from trainferry_mill.plugin import Mill

from trainferry.hookspecs import hookimpl
from trainferry.results import LogChunk

CAUGHT_BY = "test_going_on_from_any_cursor_repeats_and_loses_nothing"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def read_log(self, ref: str, cursor: str | None) -> LogChunk:
        """Count characters."""
        chunk = super().read_log(ref, cursor)
        return replace(chunk, cursor=str(int(cursor or 0) + len(chunk.text)))
