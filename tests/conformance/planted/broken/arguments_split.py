"""Arguments go through what splits and unquotes them like a shell."""

from typing import Any

from trainferry_mill.plugin import Mill
from variants import changed

from trainferry.hookspecs import hookimpl
from trainferry.specs import Action, ActionResult

CAUGHT_BY = "test_an_argument_arrives_exactly[spaces]"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def apply(self, action: Action) -> ActionResult:
        """Split them at every space."""

        def split(payload: dict[str, Any]) -> None:
            payload["job"]["arguments"] = " ".join(payload["job"].get("arguments", [])).split()

        return super().apply(changed(action, split))
