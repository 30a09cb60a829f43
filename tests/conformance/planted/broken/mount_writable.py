"""A mounted dataset can be written, though the rules say that it can't."""

from typing import Any

from trainferry_mill.plugin import Mill
from variants import changed

from trainferry.hookspecs import hookimpl
from trainferry.specs import Action, ActionResult, RehearsalRules

CAUGHT_BY = "test_mounts_are_as_the_rules_say"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def apply(self, action: Action) -> ActionResult:
        """Treat a mount like a download."""

        def download(payload: dict[str, Any]) -> None:
            for dataset in payload["job"].get("datasets", {}).values():
                dataset["mode"] = "download"

        return super().apply(changed(action, download))

    @hookimpl
    def rehearsal_rules(self) -> RehearsalRules:
        """Promise what is not kept."""
        return RehearsalRules(mount_read_only=True)
