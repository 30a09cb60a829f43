"""Ending a run: every process that carries the run's id among its variables."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from trainferry_mill.runs import Runs, folder_of

from trainferry.errors import BackendError
from trainferry.hookspecs import hookimpl


class Canceling:
    """The hook `cancel`."""

    @hookimpl
    def cancel(self: Runs, ref: str) -> bool:
        """Kill the run's processes until its runner has noted the end; a run that has ended stays as it is."""
        run = folder_of(self, ref)
        deadline = time.monotonic() + 20
        while not self.status(ref).state.final or processes_of(ref):
            if not self.status(ref).state.final:
                (run / "cancel").touch()  # the runner looks for it when the script ends
            for pid in processes_of(ref):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                raise BackendError(f"the run {ref} does not end", remedy="'ps -ef --forest' shows its processes")
            time.sleep(0.01)
        return True


def processes_of(ref: str) -> list[int]:
    """The processes of a run, also those with a session of their own."""
    mark = f"TRAINFERRY_RUN_ID={ref}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found
