"""A laboratory for tests of the Azure ML backend: a project, a user, and the backend bound to an emulator."""

import json
import os
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azureml_emulator import AzureMLEmulator
from trainferry import Job
from trainferry.backend import Backend
from trainferry.progress import Progress
from trainferry.site import Site
from trainferry.specs import Plan, RunState, RunStatus
from trainferry.specs.job import Origin
from trainferry_azureml.plugin import AzureMLBackend
from trainferry_azureml.session import Session
from trainferry_azureml.settings import AzureMLSettings

FERRY = Path(sys.executable).with_name("ferry")
PATIENCE = 120.0
ECHO = "import json, sys\nprint(json.dumps(sys.argv[1:]))\n"


class Lab:
    """A project and a user of one test, and the backend that the settings point at the emulator's workspace."""

    def __init__(self, folder: Path, azure: AzureMLEmulator, **settings: Any) -> None:
        self.azure = azure
        self.project = folder / "project"
        self.project.mkdir(exist_ok=True)
        self.site = Site(home=folder / "state", cache=folder / "cache", project=self.project)
        self.settings = {
            "subscription": azure.subscription_id,
            "resource_group": azure.resource_group,
            "workspace": azure.workspace,
            "region": "eastus",
            "retry_seconds": 20,
            **settings,
        }
        self.backend = self.client()
        self.said: list[str] = []
        self.patience = PATIENCE

    def client(self, **settings: Any) -> Backend:
        """Another client of the same user."""
        backend = Backend("azureml", AzureMLBackend())
        backend.configure({**self.settings, **settings}, self.site)
        return backend

    def session(self, **settings: Any) -> Session:
        """A session as the backend opens one."""
        return Session(AzureMLSettings(**{**self.settings, **settings}), self.site)

    def report(self, event: Progress) -> None:
        """Keep what is reported."""
        self.said.append(event.message)

    def write(self, text: str, name: str = "train.py") -> Path:
        """Write a file into the project."""
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def job(self, **fields: Any) -> Job:
        """A job in the project that runs train.py on a cluster of the emulator."""
        data: dict[str, Any] = {
            "name": "try",
            "script": "train.py",
            "environment": {"name": "plain", "python": f"{sys.version_info.major}.{sys.version_info.minor}"},
            "compute": {"name": "cpu-cluster", "size": "Standard_DS3_v2", "max_nodes": 2},
            **fields,
        }
        return Job.model_validate(data).with_origin(Origin(folder=self.project))

    def plan(self, run_id: str | None = None, **fields: Any) -> Plan:
        """The plan of such a job; it has no errors."""
        plan = self.backend.plan(self.job(**fields), run_id or f"try-{uuid.uuid4().hex[:8]}")
        assert [str(finding) for finding in plan.errors] == []
        return plan

    def apply(self, plan: Plan, backend: Backend | None = None) -> str:
        """Apply a plan; returns the run's reference."""
        refs = [(backend or self.backend).apply(action, self.report).ref for action in plan.actions]
        assert refs[-1]
        return refs[-1]

    def submit(self, **fields: Any) -> str:
        """Plan and apply a job."""
        return self.apply(self.plan(**fields))

    def status(self, ref: str) -> RunStatus:
        """How a run stands."""
        return self.backend.poll([ref])[ref]

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Ask again and again until it holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"waited {PATIENCE} s for {what}"
            time.sleep(0.05)

    def wait(self, ref: str) -> RunStatus:
        """The status of a run when it has ended."""
        self.until(lambda: self.status(ref).state.final, f"{ref} to end")
        return self.status(ref)

    def log(self, ref: str) -> str:
        """All that a run has printed, when it has ended or said nothing more."""
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

    def asked(self, service: str = "", method: str = "") -> list[dict[str, Any]]:
        """The requests that the emulator has answered."""
        return [
            one
            for one in self.azure.admin.requests()
            if (not service or one["service"] == service) and (not method or one["method"] == method)
        ]

    def configure_cli(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make `ferry` in the project's folder use this user and this workspace."""
        lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in self.settings.items())
        self.write(f'backend = "azureml"\n[backends.azureml]\n{lines}\n', "trainferry.toml")
        monkeypatch.chdir(self.project)
        monkeypatch.setenv("TRAINFERRY_HOME", str(self.site.home))
        monkeypatch.setenv("TRAINFERRY_CACHE", str(self.site.cache))
        monkeypatch.setenv("TRAINFERRY_CONFIG", os.devnull)

    def ferry(self, *arguments: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
        """Run `ferry` to its end and check its exit code."""
        done = subprocess.run([FERRY, *arguments], capture_output=True, text=True, timeout=self.patience, check=False)
        assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
        return done
