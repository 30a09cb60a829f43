"""How a run ended, in plain words."""

from __future__ import annotations

import os

_TAIL_BYTES = 4096
_TAIL_LINES = 10
_FULL = 1_000_000
"""A disk with fewer bytes than this to spare is called full."""


def words_of(code: int) -> str:
    """`exit code 3`, or the name of the signal that ended the process."""
    if code >= 0:
        return f"exit code {code}"
    import signal  # noqa: PLC0415  (its enums cost five milliseconds, and most runs end well)

    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = "; when nobody sent it, the system had run out of memory" if -code == signal.SIGKILL else ""
    return f"ended by {name}{hint}"


def last_lines(log: str) -> str:
    """The last lines of a log; empty if there are none."""
    try:
        with open(log, "rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - _TAIL_BYTES))
            text = stream.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-_TAIL_LINES:])


def full_disk(folder: str) -> str:
    """A sentence naming the folder if its disk is full, else empty."""
    room = os.statvfs(folder)
    if room.f_bavail * room.f_frsize >= _FULL:
        return ""
    return f"the disk that holds {folder} is full"


def reason_of_failure(head: str, folder: str, log: str) -> str:
    """Why a run failed: what happened, a full disk if that may be the cause, and the end of the log."""
    parts = [head, full_disk(folder)]
    first = "; ".join(part for part in parts if part)
    tail = last_lines(log)
    return f"{first}\n{tail}" if tail else first
