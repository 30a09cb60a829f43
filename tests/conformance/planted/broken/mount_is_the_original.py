"""A mounted dataset is the original itself, for the script to change."""

from pathlib import Path
from typing import Any

from trainferry_mill.plugin import Mill
from variants import changed

from trainferry.hookspecs import hookimpl
from trainferry.specs import Action, ActionResult, Job, Origin

CAUGHT_BY = "test_the_original_stays_as_it_was[mount]"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def apply(self, action: Action) -> ActionResult:
        """Give away the paths of the originals."""

        def expose(payload: dict[str, Any]) -> None:
            job = Job.model_validate(payload["job"]).with_origin(Origin(Path(payload["folder"])))
            paths = {name: str(job.dataset_path(name)) for name in job.datasets}
            payload["job"]["arguments"] = job.resolve_arguments(paths)

        return super().apply(changed(action, expose))
