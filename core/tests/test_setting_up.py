"""Setting a target up and down apart from any run, consent, and adopting runs of other machines: on a plain backend."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from trainferry import Ferry, Job
from trainferry.errors import CapabilityMissing, FerryError
from trainferry.specs import RunState

FERRY = Path(sys.executable).with_name("ferry")
CODE = '''
"""A backend for tests: what it has made are files in its folder; a house needs consent, a shed doesn't."""
from trainferry.errors import CapabilityMissing
from trainferry.hookspecs import hookimpl
from trainferry.results import FoundRun, LogChunk
from trainferry.specs import Action, ActionResult, Plan, RunState, RunStatus


class Yard:
    interface_version = 1

    @hookimpl
    def configure(self, site):
        self.folder = site.home.parent / "yard"
        return True

    @hookimpl
    def plan(self, job, run_id):
        actions = [self.make("house", consent=True), self.make("shed"), self.make("well")]
        submit = Action(kind="submit", resource=f"run:{run_id}", summary="work")
        return Plan(run_id=run_id, backend="yard", job=job, actions=(*actions, submit))

    def make(self, name, consent=False):
        kind = "reuse" if (self.folder / name).exists() else "create"
        return Action(kind=kind, resource=f"{name}:mine", summary=f"{kind} the {name}", consent=consent)

    @hookimpl
    def apply(self, action):
        self.folder.mkdir(parents=True, exist_ok=True)
        name = action.resource.partition(":")[0 if action.kind != "submit" else 2]
        (self.folder / name).touch()
        return ActionResult(ref=name) if action.kind == "submit" else ActionResult()

    @hookimpl
    def poll(self, refs):
        return {ref: RunStatus(RunState.COMPLETED, 0, "", 1.0, 3.0) for ref in refs}

    @hookimpl
    def read_log(self, ref, cursor):
        return LogChunk("", "0", True)

    @hookimpl
    def find_runs(self, experiment):
        status = RunStatus(RunState.COMPLETED, 0, "", 1.0, 3.0)
        runs = {"one": "other-1", "two": "other-2"}
        return [
            FoundRun(run, f"ref-{run}", status, name, {"team": "b"}, "far.py", "outputs/h.csv", 5.0)
            for name, run in runs.items() if experiment in (None, name)
        ]

    @hookimpl
    def tear_down(self, resource):
        if resource == "well:mine":
            raise CapabilityMissing("yard", "the removal of a well")
        (self.folder / resource.partition(":")[0]).unlink(missing_ok=True)
        return True
'''


@pytest.fixture
def yard(install: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test backend, chosen; returns a job file for it."""
    site = install("trainferry-yard", code=CODE, yard="yard_backend:Yard")
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("TRAINFERRY_BACKEND", "yard")
    Path("work.py").write_text("print('work')\n")
    Path("job.yaml").write_text("name: work\nscript: work.py\ntimeout: 1m\n")
    return Path("job.yaml")


def ferry(*arguments: str, code: int = 0, answer: str = "") -> "subprocess.CompletedProcess[str]":
    """Run `ferry` without a terminal."""
    done = subprocess.run([FERRY, *arguments], input=answer, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def test_a_run_makes_nothing_that_needs_consent(yard: Path) -> None:
    with Ferry() as session:
        plan = session.plan(Job.load(yard))
        with pytest.raises(FerryError, match="first somebody has to agree to this: create the house"):
            session.submit(plan)
        assert session.store.list() == []
        session.prepare(plan)
        assert session.run(Job.load(yard)).wait().state is RunState.COMPLETED


def test_up_asks_and_makes_and_then_finds_all_there(yard: Path) -> None:
    asked = ferry("up", str(yard), code=1)
    assert "create the house" in asked.stderr
    assert "--yes" in asked.stderr
    assert json.loads(ferry("up", str(yard), "--yes", "--json").stdout)["made"] == [
        "house:mine",
        "shed:mine",
        "well:mine",
    ]
    assert ferry("up", str(yard)).stdout == "all that the job needs is there\n"
    ferry("run", str(yard), "--detach")


def test_down_keeps_what_needed_consent_unless_all_is_said(yard: Path) -> None:
    assert ferry("down", str(yard)).stdout == "there is nothing to remove\n"
    ferry("up", str(yard), "--yes")
    assert "say --yes" in ferry("down", str(yard), code=1).stderr
    told = json.loads(ferry("down", str(yard), "--yes", "--json").stdout)
    assert told["removed"] == ["shed:mine"]
    assert told["kept"] == [{"resource": "well:mine", "reason": "the backend 'yard' can't do 'the removal of a well'"}]
    assert json.loads(ferry("down", str(yard), "--only", "house", "--yes", "--json").stdout)["removed"] == [
        "house:mine"
    ]
    ferry("up", str(yard), "--yes")
    removed = json.loads(ferry("down", str(yard), "--all", "--yes", "--json").stdout)["removed"]
    assert removed == ["shed:mine", "house:mine"]


def test_runs_of_other_machines_are_adopted_once(yard: Path) -> None:
    first = ferry("runs", "--remote", "--experiment", "one", "--json")
    assert "1 adopted from 'yard': other-1" in first.stderr
    (run,) = json.loads(first.stdout)["runs"]
    assert (run["id"], run["state"], run["experiment"], run["created"], run["seconds"]) == (
        "other-1", "completed", "one", 5.0, 2.0,
    )  # fmt: skip
    assert "other-2" in ferry("runs", "--remote").stderr
    assert "knows no runs that are not known here" in ferry("runs", "--remote").stderr
    with Ferry() as session:
        job = session.get("other-1").record.job
        assert (job.script, job.metrics, job.tags) == ("far.py", "outputs/h.csv", {"team": "b"})
    assert "forbids" in ferry("runs", "--remote", "--offline", code=1).stderr


def test_a_backend_without_the_verb_says_so(shelf: Path) -> None:
    Path("job.yaml").write_text("name: work\nscript: train.py\n")
    with Ferry() as session, pytest.raises(CapabilityMissing):
        session.backend().tear_down("folder:shelf")
