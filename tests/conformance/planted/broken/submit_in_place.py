"""A run is filled under its final name: a client that is killed leaves half a run that passes for a whole one."""

import json
import shutil
import sys

from trainferry_mill.plugin import Mill

from trainferry.hookspecs import hookimpl
from trainferry.progress import Progress, Report
from trainferry.specs import Action, ActionResult

CAUGHT_BY = "test_a_submit_whose_client_was_killed_can_be_repeated[at-the-first-step]"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def apply(self, action: Action, report: Report) -> ActionResult:
        """Write the request first, and copy the source then."""
        run = self.home / action.payload["run_id"]
        if not run.exists():
            (run / "work").mkdir(parents=True)
            request: dict[str, object] = {"command": [sys.executable, "kit.py"], "variables": {}, "timeout": None}
            (run / "request.json").write_text(json.dumps({**request, "experiment": "", "tags": {}}), encoding="utf-8")
            report(Progress("copying the source"))
            shutil.rmtree(run)
        return super().apply(action)
