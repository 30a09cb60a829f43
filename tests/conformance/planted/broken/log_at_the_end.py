"""The log is shown only when the run has ended."""

from trainferry_mill.plugin import Mill

from trainferry.hookspecs import hookimpl
from trainferry.results import LogChunk

CAUGHT_BY = "test_a_log_can_be_read_while_the_run_goes_on"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def read_log(self, ref: str, cursor: str | None) -> LogChunk:
        """Keep everybody waiting."""
        chunk = super().read_log(ref, cursor)
        return chunk if self.status(ref).state.final else LogChunk("", cursor or "0", finished=False)
