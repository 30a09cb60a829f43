"""The processes of a run, as far as this machine sees them: found by a token among their arguments."""

import os
import signal
from contextlib import suppress
from pathlib import Path

VISIBLE = Path("/proc/self/cmdline").exists()
"""Whether the system lists processes under /proc."""


def with_token(token: str) -> dict[int, list[str]]:
    """Arguments of each process that has the token in one of them, by process id; those that have ended don't count."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*") if VISIBLE else ():
        with suppress(OSError):
            arguments = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if any(token in argument for argument in arguments) and int(folder.name) != os.getpid():
                found[int(folder.name)] = arguments
    return found


def end(token: str) -> None:
    """Kill each process with the token, so that a backend that leaves some behind doesn't burden the machine."""
    for pid in with_token(token):
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
