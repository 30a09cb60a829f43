"""A search for a run finds those whose id only starts with the one that was asked for."""

from collections.abc import Sequence

from trainferry_mill.plugin import Mill

from trainferry.hookspecs import hookimpl
from trainferry.results import FoundRun

CAUGHT_BY = "test_a_run_that_never_was_is_not_found[kit]"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def find_runs(self, experiment: str | None, run_id: str | None) -> Sequence[FoundRun]:
        """Compare the start."""
        return [found for found in super().find_runs(experiment, None) if found.run_id.startswith(run_id or "")]
