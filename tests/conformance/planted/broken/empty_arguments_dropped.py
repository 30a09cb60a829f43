"""An empty argument is left out, and all behind it move up."""

from typing import Any

from trainferry_mill.plugin import Mill
from variants import changed

from trainferry.hookspecs import hookimpl
from trainferry.specs import Action, ActionResult

CAUGHT_BY = "test_an_argument_arrives_exactly[empty]"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def apply(self, action: Action) -> ActionResult:
        """Leave out what seems to be nothing."""

        def drop(payload: dict[str, Any]) -> None:
            payload["job"]["arguments"] = [text for text in payload["job"].get("arguments", []) if text]

        return super().apply(changed(action, drop))
