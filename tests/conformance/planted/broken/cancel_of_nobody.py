"""Canceling a run that nobody knows is said to have worked."""

from trainferry_mill.plugin import Mill

from trainferry.hookspecs import hookimpl

CAUGHT_BY = "test_canceling_an_unknown_run_is_an_error[no-such-run]"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def cancel(self, ref: str) -> bool:
        """Say yes."""
        return super().cancel(ref) if self.knows(ref) else True
