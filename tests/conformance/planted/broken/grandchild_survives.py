"""A cancel ends the script and its group, but nobody who has left the group."""

import os
import signal
from contextlib import suppress

from trainferry_mill.canceling import processes_of
from trainferry_mill.plugin import Mill
from trainferry_mill.runs import folder_of

from trainferry.hookspecs import hookimpl

CAUGHT_BY = "test_no_process_survives_a_cancel[grandchild]"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def cancel(self, ref: str) -> bool:
        """End the leader only."""
        run = folder_of(self, ref)
        if not self.status(ref).state.final:
            (run / "cancel").touch()
            with suppress(ProcessLookupError):
                os.kill(min(processes_of(ref)), signal.SIGKILL)
        return True
