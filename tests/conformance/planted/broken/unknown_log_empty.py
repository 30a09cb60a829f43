"""A run that nobody knows has an empty log that never ends: a client would ask for ever."""

from trainferry_mill.plugin import Mill

from trainferry.hookspecs import hookimpl
from trainferry.results import LogChunk

CAUGHT_BY = "test_the_log_of_an_unknown_run_is_an_error_at_once[no-such-run]"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def read_log(self, ref: str, cursor: str | None) -> LogChunk:
        """Answer for every run."""
        return super().read_log(ref, cursor) if self.knows(ref) else LogChunk("", "0", finished=False)
