"""The log of a run, from a cursor on: what was shown is never read again, and nothing is left out.

A cursor is the log's name and a count of bytes. It holds in any process and on any machine.
"""

import codecs
import re
import threading
import time
from typing import TYPE_CHECKING, Any

from trainferry.errors import BackendError, RunNotFound
from trainferry.results import LogChunk
from trainferry_azureml.submit.naming import Reference
from trainferry_azureml.watch.history import run_details
from trainferry_azureml.watch.ranges import read_from
from trainferry_azureml.watch.states import STATES

if TYPE_CHECKING:
    from trainferry_azureml.session import Session

_CHUNK = 1 << 20
"""Most bytes of one piece; a longer log comes in several."""
_ADDRESS_HOLDS = 900.0
"""Seconds that the signed address of a log is used for; Azure signs them for an hour or more."""
_MAIN = (
    re.compile(r"user_logs/std_log\.txt"),
    re.compile(r"user_logs/std_log_process_0+\.txt"),
    re.compile(r"azureml-logs/70_driver_log\.txt"),
    re.compile(r"azureml-logs/70_driver_log_0+\.txt"),
    re.compile(r"user_logs/std_log[^/]*_0+[^/]*\.txt"),
)
"""Names of the log that holds what the script printed, in the newer and the older runtime; of many processes, that of
the first. From azureml-core 1.61, azureml/core/script_run.py."""
_OTHERS = (re.compile(r"azureml-logs/.*build.*\.txt"), re.compile(r"azureml-logs/.*"), re.compile(r"user_logs/.*"))
"""What is shown of a run that ended without a log of its script: why the image was not built, for one."""
_TAIL = 4096


class Logs:
    """Reads logs for one session; it remembers where each log is."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, str, float]] = {}

    def read(self, ref: str, cursor: str | None) -> LogChunk:
        """What was logged since the cursor; RunNotFound for a run that Azure doesn't know."""
        reference = Reference.parse(ref)
        name, start = _parsed(cursor)
        found = self._address(reference, name)
        data = self._piece(found, start) if found else b""
        finished = False
        if len(data) < _CHUNK:
            final = self._final(reference)
            if final:
                found = found or self._address(reference, name, ended=True)
                data += self._piece(found, start + len(data)) if found else b""
                finished = len(data) < _CHUNK
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = decoder.decode(data, final=finished)
        read = start + len(data) - len(decoder.getstate()[0])
        return LogChunk(text, f"{found[0] if found else name or ''}:{read}", finished)

    def _piece(self, found: tuple[str, str], start: int) -> bytes:
        return read_from(self._session.http, found[1], start, "read the log", _CHUNK).data

    def _final(self, reference: Reference) -> bool:
        state = STATES.get(str(self._details(reference).get("status", "")).lower())
        return state is not None and state.final

    def _details(self, reference: Reference) -> dict[str, Any]:
        workspace = self._session.workspace(reference.coordinates)
        run = run_details(self._session, workspace, reference.experiment, reference.run)
        if run is None:
            raise RunNotFound(
                f"Azure knows no run {reference.run} in the experiment {reference.experiment}",
                remedy="'ferry runs --remote' lists the runs of the workspace",
            )
        return run

    def _address(self, reference: Reference, name: str, *, ended: bool = False) -> tuple[str, str] | None:
        """Name and address of the log, or None while there is none; `name` is kept if a cursor gave it."""
        key = str(reference)
        with self._lock:
            known = self._known.get(key)
        if known and time.monotonic() - known[2] < _ADDRESS_HOLDS and name in ("", known[0]):
            return known[0], known[1]
        logs = self._all(reference)
        chosen = name if name in logs else choose(logs, ended=ended)
        if chosen is None:
            return None
        with self._lock:
            self._known[key] = (chosen, logs[chosen], time.monotonic())
        return chosen, logs[chosen]

    def _all(self, reference: Reference) -> dict[str, str]:
        """Address of every log by its name: from the run's details, and of the newer runtime from its files."""
        logs = {str(k): str(v) for k, v in (self._details(reference).get("logFiles") or {}).items()}
        if choose(logs) is None:
            from trainferry_azureml.watch.artifacts import addresses

            logs |= addresses(self._session, reference, "user_logs")
        return logs

    def tail(self, reference: Reference, lines: int) -> str:
        """The last lines of the log; empty if there is none."""
        found = self._address(reference, "", ended=True)
        if found is None:
            return ""
        size = read_from(self._session.http, found[1], 0, "read the log", 1).size or 0
        data = read_from(self._session.http, found[1], max(0, size - _TAIL), "read the log", _TAIL).data
        return "\n".join(data.decode("utf-8", "replace").rstrip().splitlines()[-lines:])


def choose(logs: "dict[str, str]", *, ended: bool = False) -> str | None:
    """Which log is the script's own; of a run that has `ended` without one, whichever tells most."""
    for pattern in _MAIN + (_OTHERS if ended else ()):
        fitting = sorted(name for name in logs if pattern.fullmatch(name))
        if fitting:
            return fitting[0]
    return None


def _parsed(cursor: str | None) -> tuple[str, int]:
    if cursor is None:
        return "", 0
    name, colon, count = cursor.rpartition(":")
    if not colon or not (count.isascii() and count.isdigit()):
        raise BackendError(f"{cursor!r} is no place in a log on Azure ML", remedy="start from the beginning")
    return name, int(count)
