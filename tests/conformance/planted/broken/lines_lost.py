"""Of a long log only the last lines are kept."""

from dataclasses import replace

from trainferry_mill.plugin import Mill

from trainferry.hookspecs import hookimpl
from trainferry.results import LogChunk

CAUGHT_BY = "test_every_line_is_there_once_and_in_order"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def read_log(self, ref: str, cursor: str | None) -> LogChunk:
        """Show the tail."""
        chunk = super().read_log(ref, cursor)
        return replace(chunk, text="".join(chunk.text.splitlines(keepends=True)[-1000:]))
