"""How a run stands, as the supervisor writes it and the client reads it."""

from __future__ import annotations

import errno
import os
import time

from trainferry_local.supervision import records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trainferry_local.supervision.layout import Run

QUEUED, RUNNING, COMPLETED, FAILED, CANCELED, LOST = "queued", "running", "completed", "failed", "canceled", "lost"
FINAL = frozenset({COMPLETED, FAILED, CANCELED, LOST})

_RESERVE_BYTES = 16_384
_TRIES_ON_A_FULL_DISK = 120
_PAUSE_ON_A_FULL_DISK = 0.5
"""Seconds between two tries; together they wait a minute for room, and then the run is `lost`."""


class State:
    """One state of a run; times are seconds since the epoch. Replaced, never changed."""

    __slots__ = ("ended", "exit_code", "name", "reason", "started")

    def __init__(
        self,
        name: str,
        *,
        exit_code: int | None = None,
        reason: str = "",
        started: float | None = None,
        ended: float | None = None,
    ) -> None:
        self.name = name
        self.exit_code = exit_code
        self.reason = reason
        self.started = started
        self.ended = ended

    @property
    def final(self) -> bool:
        """Whether it will never change again."""
        return self.name in FINAL


def read_state(run: Run) -> State | None:
    """How a run stands; None if there is no such run.

    A file that was damaged, as a power cut may do, reads as `running`: if nobody works on the run, it is lost.
    """
    try:
        return _parse(dict(records.read(run.state)))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (KeyError, ValueError):
        return State(RUNNING)


def _parse(fields: dict[str, str]) -> State:
    if fields["state"] not in FINAL | {QUEUED, RUNNING}:
        raise ValueError(fields["state"])
    return State(
        fields["state"],
        exit_code=int(fields["exit_code"]) if "exit_code" in fields else None,
        reason=fields.get("reason", ""),
        started=float(fields["started"]) if "started" in fields else None,
        ended=float(fields["ended"]) if "ended" in fields else None,
    )


def write_state(run: Run, state: State) -> None:
    """Replace the state of a run; whoever calls it holds the run's lock, or has just made the run."""
    fields = [("state", state.name), ("reason", state.reason.replace("\0", "\\0"))]
    for key in ("exit_code", "started", "ended"):
        value = getattr(state, key)
        if value is not None:
            fields.append((key, repr(value)))
    records.write(run.state, fields)


def reserve(run: Run) -> None:
    """Set a little room on the disk aside, to be given back by `write_last_state`."""
    with open(run.reserve, "wb") as stream:
        stream.write(b"\0" * _RESERVE_BYTES)


def write_last_state(run: Run, state: State) -> None:
    """Write a final state even if the disk is full: gives the reserve back first, then waits a while for room."""
    try:
        os.unlink(run.reserve)
    except FileNotFoundError:
        pass
    for _ in range(_TRIES_ON_A_FULL_DISK):
        try:
            write_state(run, state)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            time.sleep(_PAUSE_ON_A_FULL_DISK)
        else:
            return
