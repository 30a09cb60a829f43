"""Agents, from the engine's side: started, asked to end, and waited for."""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from azureml_emulator.engine.node.assignment import Assignment, Process, Status, read_status

_CODE = "import sys; sys.path.append(sys.argv[1]); from azureml_emulator.engine.node.agent import main; main()"
"""Appended, so that the standard library is found first."""

_PATIENCE = 30.0
"""Seconds beyond the grace period in which an agent ends, whatever its processes do."""


def assignment(
    folder: Path,
    processes: list[Process],
    *,
    disk: Path,
    work: Path,
    separate: bool = False,
    grace: float = 5.0,
) -> Assignment:
    """An assignment whose agent keeps its own files in `folder`; no copies and no mounts yet."""
    return {
        "status": str(folder / "status.json"),
        "lock": str(folder / "agent.lock"),
        "separate": separate,
        "disk": str(disk),
        "disk_bytes": None,
        "folders": [],
        "copies": [],
        "binds": [],
        "work": str(work),
        "processes": processes,
        "grace": grace,
    }


class Agent:
    """One agent at work. Making one starts it."""

    def __init__(self, folder: Path, task: Assignment) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self.task = task
        with (folder / "agent.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-X", "utf8", "-c", _CODE, str(Path(__file__).parents[2])],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=folder,
                env={},
                start_new_session=True,
            )
        self._say(json.dumps(task).encode() + b"\n")

    def _say(self, line: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101  (it was opened as a pipe)
        with contextlib.suppress(BrokenPipeError):  # it has ended; its status or its silence tells
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def status(self) -> Status:
        """How far it is; `ended` with an error if it died without a word."""
        status = read_status(self.task["status"])
        if self._process.poll() is not None and (status is None or status["phase"] != "ended"):
            status = read_status(self.task["status"]) or _UNKNOWN
            if status["phase"] != "ended":
                words = (self.folder / "agent.log").read_text(encoding="utf-8", errors="replace").strip()
                said = words.splitlines()[-1] if words else "it was killed"
                status = {**status, "phase": "ended", "error": f"the node's agent ended early: {said}"}
        return status or _UNKNOWN

    def end(self) -> None:
        """Ask it to end all its processes; returns at once."""
        self._say(b"end\n")

    def wait(self) -> Status:
        """Wait until all its processes are ended, after `end`; its disk can be looked at still."""
        deadline = time.monotonic() + self.task["grace"] + _PATIENCE
        while (status := self.status())["phase"] != "ended":
            if time.monotonic() > deadline:
                self._process.kill()
            time.sleep(0.01)
        return status

    def close(self) -> None:
        """Let go of it: it ends, with all that it started, and its disk is gone. Harmless at any time, and twice."""
        assert self._process.stdin is not None  # noqa: S101  (as above)
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(self.task["grace"] + _PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def seen(self, path: Path) -> Path:
        """A path of the node's disk as this process has to write it to see what the node sees."""
        if self.task["disk_bytes"] is None:
            return path
        return Path(f"/proc/{self._process.pid}/root{path}")


_UNKNOWN: Status = {"phase": "preparing", "codes": {}, "error": "", "errno": 0, "abandoned": False}


def last_status(folder: Path) -> Status | None:
    """What an agent of an earlier emulator told last; None if it was never started. Waits until it has ended."""
    if not (folder / "agent.lock").exists():
        return read_status(str(folder / "status.json"))
    with _locked(folder / "agent.lock"):
        return read_status(str(folder / "status.json"))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
