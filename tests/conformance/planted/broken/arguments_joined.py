"""All arguments arrive as one."""

from typing import Any

from trainferry_mill.plugin import Mill
from variants import changed

from trainferry.hookspecs import hookimpl
from trainferry.specs import Action, ActionResult

CAUGHT_BY = "test_there_are_as_many_arguments_as_the_job_has"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def apply(self, action: Action) -> ActionResult:
        """Join them."""

        def join(payload: dict[str, Any]) -> None:
            payload["job"]["arguments"] = [" ".join(payload["job"].get("arguments", []))]

        return super().apply(changed(action, join))
