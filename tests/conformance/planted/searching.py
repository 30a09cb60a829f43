"""Finding runs by the id that each carries: that is how a client that was killed comes by its run again."""

import json
from collections.abc import Sequence

from trainferry_mill.runs import Runs

from trainferry.hookspecs import hookimpl
from trainferry.results import FoundRun


class Searching:
    """The hook `find_runs`."""

    @hookimpl
    def find_runs(self: Runs, experiment: str | None, run_id: str | None) -> Sequence[FoundRun]:
        """Find the runs of an experiment, or the one of that id; None means any."""
        names = [path.name for path in self.home.glob("*")] if run_id is None else [run_id]
        found = []
        for name in sorted(filter(self.knows, names)):
            facts = json.loads((self.home / name / "request.json").read_text(encoding="utf-8"))
            if experiment in (None, facts["experiment"]):
                found.append(FoundRun(name, name, self.status(name), facts["experiment"], facts["tags"]))
        return found
