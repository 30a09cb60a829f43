"""Plans without the network, from the last listing or said to be unchecked; and what a dry run says of its stages."""

import json
import time
from pathlib import Path

import pytest

from trainferry import Ferry, Job
from trainferry.cli.main import main
from trainferry.errors import BackendError, FerryError
from trainferry.listings import Listings
from trainferry.specs import Severity, StageState

CLOUD = '''
"""A backend with a target that costs money; each call of plan leaves a mark."""
from pathlib import Path
from trainferry.errors import BackendError
from trainferry.hookspecs import hookimpl
from trainferry.specs import Action, Plan, Price, RehearsalRules


class Cloud:
    interface_version = 1

    @hookimpl
    def configure(self, site):
        self.home = site.backend_home("cloud")
        return True

    @hookimpl
    def plan(self, job, run_id):
        self.home.mkdir(parents=True, exist_ok=True)
        if (self.home / "down").exists():
            raise BackendError("the cloud is down", remedy="wait")
        with (self.home / "asked").open("a") as stream:
            stream.write("x")
        make = Action(kind="create", resource="cluster:a", summary="create a cluster", payload={"secret": "s3cr3t"})
        submit = Action(kind="submit", resource="run:x", summary="submit", bytes=10, payload={})
        price = Price(per_hour=2.0, source="list, 2026")
        return Plan(run_id=run_id, backend="cloud", job=job, actions=(make, submit), price=price)

    @hookimpl
    def apply(self, action):
        raise AssertionError

    @hookimpl
    def poll(self, refs):
        return {}

    @hookimpl
    def read_log(self, ref):
        raise AssertionError

    @hookimpl
    def price(self, compute):
        return Price(per_hour=2.0, source="list, 2026")

    @hookimpl
    def rehearsal_rules(self):
        return RehearsalRules(platform="linux")
'''


@pytest.fixture
def cloud(install: "object", monkeypatch: pytest.MonkeyPatch, own_home: Path) -> Path:
    """The backend `cloud`, chosen; returns its home."""
    install("trainferry-cloud", code=CLOUD, cloud="cloud_backend:Cloud")  # type: ignore[operator]
    monkeypatch.setenv("TRAINFERRY_BACKEND", "cloud")
    Path("train.py").write_text("print('hello')\n")
    Path("job.yaml").write_text("name: j\nscript: train.py\ntimeout: 2h\n")
    return own_home / "state" / "backends" / "cloud"


def asked(cloud: Path) -> int:
    return len((cloud / "asked").read_text()) if (cloud / "asked").exists() else 0


def test_offline_and_never_asked_is_unchecked(cloud: Path) -> None:
    with Ferry(offline=True) as ferry:
        plan = ferry.plan(Job.load("job.yaml"))
    assert (plan.actions, plan.asked, asked(cloud)) == ((), None, 0)
    (finding,) = plan.findings
    assert (finding.id, finding.severity) == ("target-not-asked", Severity.NOTE)
    assert "not checked" in finding.message


def test_offline_the_last_plan_is_shown_with_its_age(cloud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Ferry() as ferry:
        online = ferry.plan(Job.load("job.yaml"))
        assert online.asked == pytest.approx(time.time(), abs=60)
    assert main(["plan", "job.yaml", "--offline"]) == 0
    said = capsys.readouterr()
    assert "was read 1 min ago" in said.err
    assert "1. create a cluster" in said.out
    assert "2.00 USD an hour for each node (list, 2026); at most 4.00 USD" in said.out
    assert asked(cloud) == 1
    Path("job.yaml").write_text("name: j\nscript: train.py\ntimeout: 2h\ncompute: {size: other}\n")
    with Ferry(offline=True) as ferry:
        assert ferry.plan(Job.load("job.yaml")).asked is None


def test_what_is_kept_can_t_be_submitted_and_holds_no_secret(cloud: Path, own_home: Path) -> None:
    with Ferry() as ferry:
        ferry.plan(Job.load("job.yaml"))
    kept = "".join(path.read_text() for path in (own_home / "cache").rglob("*.json"))
    assert "create a cluster" in kept
    assert "s3cr3t" not in kept
    with Ferry(offline=True) as ferry, pytest.raises(FerryError, match="offline"):
        ferry.run(Job.load("job.yaml"))


def test_a_dry_run_tells_of_each_stage_how_far_it_looked(cloud: Path) -> None:
    with Ferry(offline=True) as ferry:
        verdict = ferry.dry_run(Job.load("job.yaml"), rehearse=False)
    states = {stage.name: stage.state for stage in verdict.stages}
    assert states == {
        "check": StageState.DONE,
        "resolve": StageState.DONE,
        "plan": StageState.UNCHECKED,
        "rehearse": StageState.SKIPPED,
    }
    assert verdict.ok


def test_a_target_that_gives_no_plan_is_unchecked(cloud: Path) -> None:
    cloud.mkdir(parents=True)
    (cloud / "down").touch()
    with Ferry() as ferry:
        verdict = ferry.dry_run(Job.load("job.yaml"), rehearse=False)
    (finding,) = verdict.findings
    assert (finding.id, finding.severity, finding.remedy) == ("plan-failed", Severity.WARNING, "wait")
    assert {stage.name: stage.state for stage in verdict.stages}["plan"] is StageState.UNCHECKED


def test_the_cost_is_part_of_the_verdict(cloud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dry-run", "job.yaml", "--no-rehearse"]) == 0
    assert "cost: 2.00 USD an hour for each node; at most 4.00 USD" in capsys.readouterr().out
    assert main(["dry-run", "job.yaml", "--no-rehearse", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["plan"]["max_cost"] == 4.0


def test_without_a_backend_that_rehearses_it_is_said(cloud: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINFERRY_REHEARSE_ON", "cloud")
    with Ferry() as ferry:
        verdict = ferry.dry_run(Job.load("job.yaml"))
    assert verdict.stages[-1].state is StageState.UNCHECKED
    assert "can't rehearse" in verdict.stages[-1].detail


def test_listings_are_kept_whole_and_a_damaged_one_is_none(tmp_path: Path) -> None:
    listings = Listings(tmp_path / "cloud")
    assert listings.recall("quota") is None
    listings.keep("quota", {"T4": 24})
    kept = listings.recall("quota")
    assert kept is not None
    assert (kept.data, kept.age < 60) == ({"T4": 24}, True)
    (tmp_path / "cloud" / "quota.json").write_text("{")
    assert listings.recall("quota") is None
    for name in ("../x", "", "a/b", ".hidden"):
        with pytest.raises(BackendError):
            listings.keep(name, 1)
    (tmp_path / "file").touch()
    Listings(tmp_path / "file" / "no").keep("quota", 1)


def test_explain_tells_more_or_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "package-conflict"]) == 0
    said = capsys.readouterr().out
    assert "to mend it:" in said
    assert "# ferry: ignore[package-conflict]" in said
    assert main(["explain"]) == 0
    assert "rehearsal-failed" in capsys.readouterr().out
    assert main(["explain", "package-confilct"]) == 1
    assert "did you mean package-conflict?" in capsys.readouterr().err
    assert main(["explain", "no-timeout", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["no-timeout"]["severity"] == "note"
