"""A cancel makes a canceled run of one that had completed."""

import json

from trainferry_mill.plugin import Mill
from trainferry_mill.runs import folder_of

from trainferry.hookspecs import hookimpl

CAUGHT_BY = "test_canceling_a_run_that_has_ended_leaves_it_as_it_is[printing_run]"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def cancel(self, ref: str) -> bool:
        """Note the cancel in any case."""
        super().cancel(ref)
        end = folder_of(self, ref) / "end.json"
        end.write_text(
            json.dumps({**json.loads(end.read_text(encoding="utf-8")), "state": "canceled"}), encoding="utf-8"
        )
        return True
