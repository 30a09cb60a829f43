"""What lies in the source folder now is run, not what was planned."""

from pathlib import Path
from typing import Any

from trainferry_mill.plugin import Mill
from variants import changed

from trainferry.hookspecs import hookimpl
from trainferry.specs import Action, ActionResult, Job, Origin
from trainferry.staging import snapshot_of

CAUGHT_BY = "test_a_script_that_changed_since_the_plan_does_not_run"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def apply(self, action: Action) -> ActionResult:
        """Take the source as it is."""

        def renew(payload: dict[str, Any]) -> None:
            job = Job.model_validate(payload["job"]).with_origin(Origin(Path(payload["folder"])))
            payload["snapshot"] = snapshot_of(job).fingerprint()

        return super().apply(changed(action, renew))
