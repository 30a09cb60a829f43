"""What the core's tests share: an own home for every test, and plugins that are installed as real distributions."""

import json
import os
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from trainferry import Finding, Job
from trainferry.checks import run_checks
from trainferry.site import Site
from trainferry.specs import RehearsalRules

SHELF_BACKEND = '''
"""A backend for tests: a run is a folder of files, written at submit; it needs no process."""
import json
from pathlib import Path
from pydantic import BaseModel, ConfigDict
from trainferry.errors import BackendError, RunNotFound
from trainferry.hookspecs import hookimpl
from trainferry.results import FileEntry, FoundRun, LogChunk
from trainferry.specs import Action, ActionResult, Finding, Plan, RunState, RunStatus


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    exit_code: int = 0
    fail_at: str = ""


class Shelf:
    interface_version = 1

    @hookimpl
    def settings_model(self):
        return Settings

    @hookimpl
    def configure(self, settings, site):
        self.settings = settings
        self.folder = site.backend_home("shelf")
        return True

    @hookimpl
    def check(self, job):
        if job.compute.size == "too-big":
            yield Finding(id="size", severity="error", message="no such size", remedy="take another")

    @hookimpl
    def plan(self, job, run_id):
        prepare = Action(kind="create", resource="folder:shelf", summary="make the shelf")
        submit = Action(
            kind="submit", resource=f"run:{run_id}", summary="put it on the shelf",
            payload={"run_id": run_id, "arguments": job.resolve_arguments({n: f"/in/{n}" for n in job.datasets})},
        )
        return Plan(run_id=run_id, backend="shelf", job=job, actions=(prepare, submit))

    @hookimpl
    def apply(self, action, report):
        if self.settings.fail_at == action.kind:
            raise BackendError("the shelf broke", remedy="mend it")
        self.folder.mkdir(parents=True, exist_ok=True)
        if action.kind != "submit":
            return ActionResult()
        home = self.folder / action.payload["run_id"]
        (home / "outputs").mkdir(parents=True, exist_ok=True)
        with (home / "submits").open("a") as stream:
            stream.write("x")
        (home / "outputs" / "history.csv").write_text("epoch,loss\\n0,2.5\\n1,1.5\\n")
        (home / "log").write_text(json.dumps(action.payload["arguments"]) + "\\n")
        if self.settings.fail_at == "after":
            raise KeyboardInterrupt
        return ActionResult(ref=home.name)

    def status(self, home):
        code = self.settings.exit_code
        state = RunState.FAILED if code else RunState.COMPLETED
        return RunStatus(state, code, f"exit code {code}" if code else "", 10.0, 14.0)

    @hookimpl
    def poll(self, refs):
        return {ref: self.status(ref) for ref in refs if (self.folder / ref).exists()}

    @hookimpl
    def read_log(self, ref, cursor):
        if not (self.folder / ref).exists():
            raise RunNotFound(f"no run {ref}")
        text = (self.folder / ref / "log").read_text()[int(cursor or 0):]
        return LogChunk(text, str(int(cursor or 0) + len(text)), True)

    @hookimpl
    def list_files(self, ref):
        home = self.folder / ref
        return [FileEntry(p.relative_to(home).as_posix(), p.stat().st_size, p) for p in home.glob("outputs/*")]

    @hookimpl
    def fetch(self, ref, files, destination):
        homes = [destination / name for name in files]
        for name, home in zip(files, homes):
            home.parent.mkdir(parents=True, exist_ok=True)
            home.write_bytes((self.folder / ref / name).read_bytes())
        return homes

    @hookimpl
    def find_runs(self, run_id):
        homes = [h for h in self.folder.glob("*") if h.name == run_id]
        return [FoundRun(h.name, h.name, self.status(h)) for h in homes]
'''


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the real user's settings, state or cache; the working folder is empty and no project."""
    home = tmp_path / "home"
    work = tmp_path / "work"
    work.mkdir()
    for name in ("TRAINFERRY_PROFILE", "TRAINFERRY_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TRAINFERRY_HOME", str(home / "state"))
    monkeypatch.setenv("TRAINFERRY_CACHE", str(home / "cache"))
    monkeypatch.setenv("TRAINFERRY_CONFIG", os.devnull)
    monkeypatch.chdir(work)
    return home


Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution, as far as Python can tell: a folder on sys.path with its code and its metadata."""

    def make(
        distribution: str, version: str = "1.0", *, code: str = "", group: str = "trainferry.backends", **points: str
    ) -> Path:
        site = tmp_path / "sites" / distribution
        metadata = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        metadata.mkdir(parents=True)
        lines = "\n".join(f"{name} = {target}" for name, target in points.items())
        (metadata / "entry_points.txt").write_text(f"[console_scripts]\nx = y:z\n\n[{group}]\n{lines}\n")
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        module = next(iter(points.values())).partition(":")[0]
        (site / f"{module}.py").write_text(textwrap.dedent(code))
        monkeypatch.syspath_prepend(site)
        return site

    return make


@pytest.fixture
def shelf(install: Install, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test backend `shelf`, installed and chosen. Returns the working folder with a script that it can take."""
    install("trainferry-shelf", "0.3", code=SHELF_BACKEND, shelf="shelf_backend:Shelf")
    monkeypatch.setenv("TRAINFERRY_BACKEND", "shelf")
    Path("train.py").write_text("print('hello')\n")
    return Path.cwd()


JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xda of nothing \xff\xd9"
"""What a check takes for a whole JPEG: it begins and ends as one."""


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., list[Finding]]:
    """Lay out a job below `src/`, with `data/` of three classes beside it, and return what the checks find.

    `files` are paths relative to the job file; `None` takes one away. `job` is laid over the job file's content.
    """

    def check(
        script: str = "print(1)\n",
        pip: Sequence[str] = ("tensorflow==2.21.0", "pillow", "scipy", "matplotlib", "pandas"),
        files: Mapping[str, str | bytes] | None = None,
        target: RehearsalRules | None = None,
        **job: object,
    ) -> list[Finding]:
        content: dict[str, str | bytes] = {f"data/{name}/1.jpg": JPEG for name in ("bird", "cat", "dog")}
        content |= {"src/train.py": script, **(files or {})}
        for name, text in content.items():
            path = tmp_path / "project" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        given = {
            "name": "a",
            "source": "src",
            "script": "train.py",
            "timeout": "1h",
            "arguments": ["--data", "${{ datasets.data }}"],
            "datasets": {"data": {"path": "data"}},
            "environment": {"python": "3.11", "pip": list(pip)},
            **job,
        }
        place = tmp_path / "project" / "job.yaml"
        place.write_text(json.dumps(given))
        return run_checks(Job.load(place), Site(tmp_path / "home", tmp_path / "cache"), target)

    return check
