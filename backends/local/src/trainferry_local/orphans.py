"""Processes of a run whose supervisor was killed: found by the run id in their environment, and ended."""

import os
import signal
import time
from pathlib import Path

from trainferry_local.variables import RUN_ID

_PATIENCE = 15.0
"""Seconds to wait for killed processes to be gone."""


def end_orphans(run_id: str) -> bool:
    """Kill every process of this user that carries the run's id, until there is none; False if some will not go.

    They have no supervisor that could give them time: the script itself has been killed together with it.
    """
    deadline = time.monotonic() + _PATIENCE
    while found := _carriers(f"{RUN_ID}={run_id}".encode()):
        if time.monotonic() > deadline:
            return False
        for process in found:
            try:
                os.kill(process, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        time.sleep(0.005)
    return True


def _carriers(mark: bytes) -> list[int]:
    """Processes with that variable, but this one, and those that have ended and only wait to be collected."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int(folder.name) != os.getpid() and mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue  # ended, or another user's
    return found
