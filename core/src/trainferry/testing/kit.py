"""The kit: a project, folders of its own, the backend bound to them, and the runs that several tests look at."""

import hashlib
import json
import secrets
import textwrap
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainferry.backend import Backend
from trainferry.errors import FerryError
from trainferry.progress import Report, silent
from trainferry.site import Site
from trainferry.specs import Job, Plan, RunState, RunStatus
from trainferry.specs.job import Origin
from trainferry.testing import processes, scripts
from trainferry.testing.client import apply_plan, open_backend
from trainferry.testing.second import Second
from trainferry.testing.target import Target

EXPERIMENT = "trainferry-kit"


@dataclass(frozen=True, slots=True)
class Started:
    """A run that the kit submitted: its plan, and the backend's reference of it."""

    plan: Plan
    ref: str


class Kit:
    """What the tests of one backend work with. Fixtures hand it out; `folder` is empty and the kit's alone."""

    def __init__(self, target: Target, folder: Path) -> None:
        self.target = target
        self.project = folder / "project"
        self.project.mkdir(parents=True)
        self.scratch = folder / "scratch"
        self.scratch.mkdir()
        self.site = Site(home=folder / "home", cache=folder / "cache", project=self.project)
        self.backend = self.client()
        self.token = f"kit{secrets.token_hex(5)}"
        self.begun = time.monotonic()
        self._count = 0
        self._refs: list[str] = []
        self._shared: dict[str, Any] = {}

    def client(self, site: Site | None = None) -> Backend:
        """The backend as another client of the same user has it; with `site`, as another user has it."""
        return open_backend(self.target.name, self.target.plugin, self.target.settings, site or self.site)

    def new_site(self) -> Site:
        """Folders that nobody has used yet, not even made; no run writes to them meanwhile."""
        folder = self.folder("site")
        return Site(home=folder / "home", cache=folder / "cache", project=self.project)

    def second(self, verb: str, **request: Any) -> Second:
        """A client in a process of its own that does one thing; see `trainferry.testing.client`."""
        target, site = self.target, self.site
        facts = {"name": target.name, "plugin": target.plugin, "settings": dict(target.settings)}
        folders = {"home": str(site.home), "cache": str(site.cache), "project": str(site.project)}
        return Second({**facts, **folders, "verb": verb, **request}, self.target.patience)

    def job(self, script: str = scripts.QUICK, files: Mapping[str, str | bytes] | None = None, **fields: Any) -> Job:
        """A job with a source folder of its own; `files` lie beside its script."""
        self._count += 1
        source = self.project / f"job{self._count}"
        for name, text in {"kit.py": textwrap.dedent(script), **(files or {})}.items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        data = {"name": "kit", "experiment": EXPERIMENT, "source": source.name, "script": "kit.py", "timeout": "10m"}
        job = Job.model_validate({**data, **fields}).with_origin(Origin(folder=self.project))
        return job.laid_over(self.target.job) if self.target.job else job

    def new_run_id(self) -> str:
        """An id that no run has, at the target neither."""
        self._count += 1
        return f"kit-{self.token}-{self._count}"

    def plan(self, job: Job) -> Plan:
        """The plan of a job under a run id that nobody has; it has no errors."""
        plan = self.backend.plan(job, self.new_run_id())
        assert [str(finding) for finding in plan.errors] == [], "the plan of a sound job has errors"
        return plan

    def apply(self, plan: Plan, backend: Backend | None = None, report: Report = silent) -> str:
        """Apply a plan; the reference of its run."""
        ref = apply_plan(backend or self.backend, plan, report)
        assert ref, "the submit gave no reference"
        self._refs.append(ref)
        return ref

    def submit(self, job: Job) -> Started:
        """Plan and apply a job."""
        plan = self.plan(job)
        return Started(plan, self.apply(plan))

    def status(self, ref: str) -> RunStatus:
        """How a run stands; the backend must know it."""
        statuses = self.backend.poll([ref])
        assert ref in statuses, f"the backend doesn't know its own run {ref}"
        return statuses[ref]

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Ask again and again until it holds; fails when the target's patience is at an end."""
        begun = time.monotonic()
        while not condition():
            gone = time.monotonic() - begun
            assert gone < self.target.patience, f"waited {self.target.patience:g} s in vain for {what}"
            time.sleep(min(max(self.target.pace, gone / 20), 5.0))

    def wait(self, ref: str) -> RunStatus:
        """The status of a run when it has ended."""
        self.until(lambda: self.status(ref).state.final, f"the run {ref} to end")
        return self.status(ref)

    def completed(self, job: Job) -> Started:
        """Run a job, which must complete."""
        started = self.submit(job)
        status = self.wait(started.ref)
        assert status.state is RunState.COMPLETED, f"{status.state}: {status.reason}\n{self.log(started.ref)}"
        return started

    def log(self, ref: str, backend: Backend | None = None) -> str:
        """All that a run has printed so far."""
        pieces, cursor = [], None
        while True:
            chunk = (backend or self.backend).read_log(ref, cursor)
            pieces.append(chunk.text)
            cursor = chunk.cursor
            if chunk.finished or not chunk.text:
                return "".join(pieces)

    def until_log(self, ref: str, text: str) -> None:
        """Wait until a run has printed a text; fails at once if it has ended without."""

        def printed() -> bool:
            ended = self.status(ref).state.final
            log = self.log(ref)
            assert text in log or not ended, f"the run {ref} ended without printing {text!r}:\n{log}"
            return text in log

        self.until(printed, f"the run {ref} to print {text!r}")

    def report(self, ref: str) -> dict[str, Any]:
        """What a script of the kit reported of itself."""
        line = next((line for line in self.log(ref).splitlines() if line.startswith(scripts.REPORT)), None)
        assert line is not None, f"the report is not in the log:\n{self.log(ref)}"
        data: dict[str, Any] = json.loads(line.removeprefix(scripts.REPORT))
        return data

    def starts(self, ref: str) -> int:
        """How often a run's script was started."""
        return self.log(ref).splitlines().count("kit-start")

    def processes(self, token: str) -> dict[int, list[str]]:
        """The processes with a token among their arguments, as far as this machine sees them."""
        return processes.with_token(token)

    def folder(self, name: str) -> Path:
        """A new empty folder for one test."""
        self._count += 1
        folder = self.scratch / f"{name}{self._count}"
        folder.mkdir()
        return folder

    def shared(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` makes, made once for all tests that ask for it by this name."""
        if name not in self._shared:
            self._shared[name] = make()
        return self._shared[name]

    def close(self) -> None:
        """End what still runs, so that nothing outlives the tests."""
        statuses = self.backend.poll(self._refs) if self._refs else {}
        if "cancel" in self.backend.capabilities:
            for ref in (ref for ref, status in statuses.items() if not status.state.final):
                with suppress(FerryError):  # there are tests for that; here it is about leaving nothing behind
                    self.backend.cancel(ref)
        processes.end(self.token)


def digests(folder: Path) -> dict[str, str]:
    """A digest of every file below a folder, by path; what is no regular file is there with its kind."""
    found = {}
    for path in sorted(folder.rglob("*")):
        kind = "link" if path.is_symlink() else "folder" if path.is_dir() else "" if path.is_file() else "other"
        found[path.relative_to(folder).as_posix()] = kind or hashlib.sha256(path.read_bytes()).hexdigest()
    return found
