"""What the local backend's tests share: a laboratory with a project, a home of its own, and real runs."""

import os
import signal
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trainferry import Job
from trainferry.backend import Backend
from trainferry.progress import silent
from trainferry.site import Site
from trainferry.specs import Plan, RunState, RunStatus
from trainferry.specs.job import Origin
from trainferry_local.plugin import LocalBackend


class Lab:
    """A project folder, a home and a cache below one temporary folder, and the backend bound to them."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.project = folder / "project"
        self.project.mkdir(exist_ok=True)
        self.site = Site(home=folder / "home", cache=folder / "cache", project=self.project)
        self.home = self.site.backend_home("local")
        self.settings = {"grace_seconds": 5, **settings}
        self.backend = self.client()
        self.count = 0

    def client(self, **settings: Any) -> Backend:
        """Another client of the same home, as a second shell would be."""
        backend = Backend("local", LocalBackend())
        backend.configure({**self.settings, **settings}, self.site)
        return backend

    def write(self, text: str, name: str = "train.py") -> Path:
        """Write a script into the project."""
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def job(self, **fields: Any) -> Job:
        """A job in the project that runs train.py with this interpreter."""
        data = {"name": "try", "script": "train.py", **fields}
        return Job.model_validate(data).with_origin(Origin(folder=self.project))

    def plan(self, run_id: str | None = None, **fields: Any) -> Plan:
        """The plan of such a job; it has no errors."""
        self.count += 1
        plan = self.backend.plan(self.job(**fields), run_id or f"try-{self.count}")
        assert [str(finding) for finding in plan.errors] == []
        return plan

    def apply(self, plan: Plan, backend: Backend | None = None) -> str:
        """Apply a plan; returns the run's reference."""
        refs = [(backend or self.backend).apply(action, silent).ref for action in plan.actions]
        assert refs[-1]
        return refs[-1]

    def submit(self, **fields: Any) -> str:
        """Plan and apply a job."""
        return self.apply(self.plan(**fields))

    def status(self, ref: str) -> RunStatus:
        """How a run stands."""
        return self.backend.poll([ref])[ref]

    def wait(self, ref: str, patience: float = 60) -> RunStatus:
        """The status of a run when it has ended."""
        self.until(lambda: self.status(ref).state.final, f"{ref} to end", patience)
        return self.status(ref)

    def until(self, condition: Callable[[], object], what: str, patience: float = 60) -> None:
        """Ask again and again until it holds; fails after `patience` seconds."""
        deadline = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < deadline, f"waited {patience} s for {what}"
            time.sleep(0.005)

    def until_log(self, ref: str, text: str) -> None:
        """Wait until the run has printed a text."""
        self.until(lambda: text in self.log(ref), f"{ref} to print {text!r}")

    def log(self, ref: str) -> str:
        """All that a run has printed."""
        pieces, cursor = [], None
        while True:
            chunk = self.backend.read_log(ref, cursor)
            pieces.append(chunk.text)
            cursor = chunk.cursor
            if chunk.finished or not chunk.text:
                return "".join(pieces)

    def run(self, **fields: Any) -> str:
        """Run a job, which must complete; returns its reference."""
        ref = self.submit(**fields)
        status = self.wait(ref)
        assert status.state is RunState.COMPLETED, f"{status.reason}\n{self.log(ref)}"
        return ref

    def output(self, **fields: Any) -> str:
        """Run a job, which must complete; returns what it printed."""
        return self.log(self.run(**fields))

    def folder(self, ref: str) -> Path:
        """Where the backend keeps a run."""
        return self.home / "runs" / ref

    def until_idle(self) -> None:
        """Wait until no supervisor of this home is left, and collect those that this process started."""
        self.until(lambda: not self.supervisors(), "supervisors to end")
        self.backend.poll([])

    def supervisors(self) -> list[int]:
        """Process ids of the supervisors of this home."""
        return [pid for pid in processes() if str(self.home).encode() in command_of(pid) and b"-I" in command_of(pid)]


def processes() -> list[int]:
    """Every process of the machine."""
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]


def command_of(pid: int) -> list[bytes]:
    """The words of a process's command; empty if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def alive(pid: int) -> bool:
    """Whether a process runs, and is not just waiting to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def make_lab(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """Make a laboratory with settings of its own; whatever still runs in it at the end is killed."""
    labs = []

    def make(folder: str = "lab", **settings: Any) -> Lab:
        path = tmp_path / folder
        path.mkdir(exist_ok=True)
        labs.append(Lab(path, **settings))
        return labs[-1]

    yield make
    for lab in labs:
        for ref in sorted(path.name for path in (lab.home / "runs").glob("*")):
            if not lab.status(ref).state.final:
                lab.client(grace_seconds=0).cancel(ref)
        for pid in lab.supervisors():
            os.kill(pid, signal.SIGKILL)
        lab.until_idle()


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    """A laboratory with the default settings."""
    return make_lab()


@pytest.fixture(autouse=True)
def own_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporary files and home of a test lie apart from its project, as they do for a user."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setenv("HOME", str(tmp_path / "tmp"))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
