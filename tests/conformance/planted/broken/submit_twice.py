"""Each submit makes a run, also of the same plan."""

import secrets
from typing import Any

from trainferry_mill.plugin import Mill
from variants import changed

from trainferry.hookspecs import hookimpl
from trainferry.specs import Action, ActionResult

CAUGHT_BY = "test_applying_a_plan_twice_makes_one_run"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def apply(self, action: Action) -> ActionResult:
        """Take a new name each time."""

        def rename(payload: dict[str, Any]) -> None:
            payload["run_id"] += f"-{secrets.token_hex(3)}"

        return super().apply(changed(action, rename))
