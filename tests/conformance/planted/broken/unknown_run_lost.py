"""A run that nobody knows is told as one that was lost."""

from collections.abc import Mapping, Sequence

from trainferry_mill.plugin import Mill

from trainferry.hookspecs import hookimpl
from trainferry.specs import RunState, RunStatus

CAUGHT_BY = "test_a_run_that_is_not_known_is_left_out['no-such-run']"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def poll(self, refs: Sequence[str]) -> Mapping[str, RunStatus]:
        """Have an answer for everything."""
        return {ref: self.status(ref) if self.knows(ref) else RunStatus(RunState.LOST) for ref in refs}
