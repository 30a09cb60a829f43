"""A laboratory for tests on a Ray cluster: a project, folders of its own, and the backend bound to them."""

import json
import os
import signal
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trainferry import Job
from trainferry.backend import Backend
from trainferry.progress import silent
from trainferry.site import Site
from trainferry.specs import Plan, RunState, RunStatus
from trainferry.specs.job import Origin
from trainferry_ray.plugin import RayBackend

PATIENCE = 60.0


class Lab:
    """A project, folders of its own, and the backend bound to them."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.project = folder / "project"
        self.project.mkdir(parents=True)
        self.site = Site(home=folder / "home", cache=folder / "cache", project=self.project)
        self.settings = settings
        self.backend = self.client()
        self.count = 0

    def client(self, **settings: Any) -> Backend:
        """Another client of the same folders, as a second shell would be."""
        backend = Backend("ray", RayBackend())
        backend.configure({**self.settings, **settings}, self.site)
        return backend

    def job(self, script: str, **fields: Any) -> Job:
        """A job in the project that runs a script with the cluster's interpreter."""
        self.count += 1
        name = f"script{self.count}.py"
        (self.project / name).write_text(textwrap.dedent(script))
        data = {"name": "try", "script": name, "environment": "current", **fields}
        return Job.model_validate(data).with_origin(Origin(folder=self.project))

    def plan(self, job: Job, backend: Backend | None = None) -> Plan:
        """The plan of a job; it has no errors."""
        plan = (backend or self.backend).plan(job, f"try-{os.urandom(4).hex()}")
        assert [str(finding) for finding in plan.errors] == []
        return plan

    def submit(self, job: Job, backend: Backend | None = None) -> str:
        """The reference of a run that has been submitted."""
        backend = backend or self.backend
        ref = None
        for action in self.plan(job, backend).actions:
            ref = backend.apply(action, silent).ref or ref
        assert ref
        return ref

    def status(self, ref: str) -> RunStatus:
        """How a run stands."""
        return self.backend.poll([ref])[ref]

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {what}"
            time.sleep(0.05)

    def wait(self, ref: str) -> RunStatus:
        """The last status of a run."""
        self.until(lambda: self.status(ref).state.final, f"the end of {ref}")
        return self.status(ref)

    def completed(self, job: Job, backend: Backend | None = None) -> str:
        """The reference of a run that has completed."""
        ref = self.submit(job, backend)
        status = self.wait(ref)
        assert status.state is RunState.COMPLETED, f"{status.state}: {status.reason}\n{self.log(ref)}"
        return ref

    def log(self, ref: str) -> str:
        """All that a run has printed."""
        text, cursor = "", None
        while True:
            chunk = self.backend.read_log(ref, cursor)
            text, cursor = text + chunk.text, chunk.cursor
            if chunk.finished or not chunk.text:
                return text

    def until_printed(self, ref: str, text: str) -> None:
        """Wait until a run has printed a text."""
        self.until(lambda: text in self.log(ref) or self.status(ref).state.final, f"{text!r} of {ref}")
        assert text in self.log(ref), self.status(ref)


def carriers(mark: str) -> list[int]:
    """Processes of this machine with a word among their arguments."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if mark.encode() in words:
            found.append(int(folder.name))
    return found


def kill_all(pids: list[int]) -> None:
    """Kill processes that may have ended meanwhile."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def state_file(storage: Path, ref: str) -> dict[str, Any]:
    """The state of a run as the node wrote it."""
    data: dict[str, Any] = json.loads((storage / "runs" / ref.partition("@")[0] / "state.json").read_text())
    return data
