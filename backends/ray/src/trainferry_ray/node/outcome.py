"""How a run ended: its state as data, in plain words, and as the line that closes its log."""

from __future__ import annotations

import json
import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

BEGIN, END = "\x1etrainferry-begin ", "\x1etrainferry-end "
"""What opens and closes the script's part of a job's log at Ray; the record separator occurs in no usual output."""

_TAIL_BYTES, _TAIL_LINES = 4096, 10


def state(name: str, **facts: Any) -> dict[str, Any]:
    """A state of a run as data: name, exit_code, reason, started, ended."""
    return {"state": name, "exit_code": None, "reason": "", "started": None, "ended": None, **facts}


def words_of(code: int) -> str:
    """`exit code 3`, or the name of the signal that ended the process."""
    if code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = "; when nobody sent it, the node had run out of memory" if -code == signal.SIGKILL else ""
    return f"ended by {name}{hint}"


def with_tail(head: str, log: Path) -> str:
    """What happened, and under it the last lines of a log."""
    try:
        with log.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - _TAIL_BYTES))
            text = stream.read().decode(errors="replace")
    except OSError:
        return head
    tail = "\n".join(text.splitlines()[-_TAIL_LINES:])
    return f"{head}\n{tail}" if tail else head


def closing_line(final: dict[str, Any]) -> str:
    """The line that tells a client that sees only the log how the run ended."""
    return f"{END}{json.dumps(final)}\n"


def exit_code_of(final: dict[str, Any]) -> int:
    """Exit code for Ray: 0 for a completed run only; 128 and the number of a signal, as shells have it."""
    if final["state"] == "completed":
        return 0
    code = final["exit_code"]
    if not code:
        return 1
    return int(code) & 0xFF or 1 if code > 0 else 128 - int(code)
