"""The way of a job through the Python API, on a backend that is installed like a stranger's."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainferry import Ferry, Job, RunState
from trainferry.config import load_config
from trainferry.errors import BackendError, CheckFailed, ConfigError, RunNotFound
from trainferry.ferry import intent
from trainferry.progress import silent
from trainferry.recovery import client_alive, this_client
from trainferry.specs import Severity
from trainferry.staging import snapshot_of


@pytest.fixture
def ferry(shelf: Path) -> Iterator[Ferry]:
    """A session on the test backend."""
    with Ferry() as session:
        yield session


def job(**fields: object) -> Job:
    """A job that passes every check."""
    return Job.model_validate({"name": "Try", "script": "train.py", "timeout": "1h", **fields})


def submits(ferry: Ferry, run_id: str) -> str:
    """One x for each time that the run was really submitted."""
    return (ferry.site.backend_home("shelf") / run_id / "submits").read_text()


def test_run_wait_log_fetch_and_metrics(ferry: Ferry, tmp_path: Path) -> None:
    run = ferry.run(job(arguments=["--a b", "", "ü\n'\""]))
    assert run.wait(30).state is RunState.COMPLETED
    assert (run.record.exit_code, run.record.seconds) == (0, 4.0)
    assert "".join(run.follow()) == run.log() == '["--a b", "", "\\u00fc\\n\'\\""]\n'
    assert run.metrics() == [{"epoch": 0, "loss": 2.5}, {"epoch": 1, "loss": 1.5}] if run.record.job.metrics else True
    assert run.bring_home()["outputs/history.csv"].read_text().startswith("epoch,loss")
    assert ferry.get("latest").id == run.id
    assert run.id.startswith("try-")
    assert run.portal_url() is None


def test_what_was_fetched_into_the_source_does_not_travel_with_the_next_run(ferry: Ferry) -> None:
    travels = snapshot_of(job()).fingerprint()
    run = ferry.run(job()).wait(30)
    (home,) = run.fetch(Path(run.id))
    assert home.is_file()
    assert snapshot_of(job()).fingerprint() == travels


def test_metrics_come_from_the_file_that_the_job_names(ferry: Ferry) -> None:
    run = ferry.run(job(metrics="outputs/history.csv")).wait(30)
    assert run.metrics() == [{"epoch": 0, "loss": 2.5}, {"epoch": 1, "loss": 1.5}]
    with pytest.raises(BackendError, match=r"has not written outputs/other\.csv"):
        ferry.run(job(metrics="outputs/other.csv")).wait(30).metrics()
    with pytest.raises(BackendError, match="names no metrics file"):
        ferry.run(job()).wait(30).metrics()


def test_a_failed_script_is_a_failed_run(shelf: Path) -> None:
    with Ferry(load_config(settings=["backends.shelf.exit_code=3"])) as ferry:
        run = ferry.run(job()).wait(30)
        assert (run.state, run.record.exit_code, run.record.reason) == (RunState.FAILED, 3, "exit code 3")


def test_an_error_of_the_checks_stops_the_submit(ferry: Ferry) -> None:
    with pytest.raises(CheckFailed) as caught:
        ferry.run(job(compute={"size": "too-big"}, script="missing.py"))
    found = {finding.id for finding in ferry.plan(job(compute={"size": "too-big"})).errors}
    assert found == {"size"}
    assert "nothing was submitted" in caught.value.message
    assert ferry.runs() == []


def test_planning_changes_nothing_and_the_same_job_has_the_same_plan(ferry: Ferry) -> None:
    ferry.plan(job())
    assert not ferry.site.home.exists()
    first, second = ferry.plan(job()), ferry.plan(job())
    assert first.run_id != second.run_id
    assert [a.kind for a in first.actions] == ["create", "submit"]
    assert first.actions[0].fingerprint == second.actions[0].fingerprint


def test_applying_a_plan_twice_makes_one_run(ferry: Ferry) -> None:
    plan = ferry.plan(job())
    first, second = ferry.submit(plan), ferry.submit(plan)
    assert first.id == second.id
    assert submits(ferry, plan.run_id) == "x"
    assert len(ferry.runs()) == 1


def test_a_submit_that_the_backend_refuses_is_a_failed_run_with_the_cause(shelf: Path) -> None:
    with Ferry(load_config(settings=["backends.shelf.fail_at=create"])) as ferry:
        with pytest.raises(BackendError, match="the shelf broke"):
            ferry.run(job())
        (run,) = ferry.runs()
        assert (run.state, run.record.reason) == (RunState.FAILED, "not submitted: the shelf broke")
        with pytest.raises(RunNotFound, match="was never submitted: not submitted: the shelf broke"):
            run.log()


def test_an_interrupt_after_the_target_took_the_job_keeps_the_run(shelf: Path) -> None:
    with Ferry(load_config(settings=["backends.shelf.fail_at=after"])) as ferry:
        with pytest.raises(KeyboardInterrupt):
            ferry.run(job())
        (run,) = ferry.runs()
        assert (run.state, run.record.ref) == (RunState.COMPLETED, run.id)


@pytest.mark.parametrize(("taken", "state"), [(True, RunState.COMPLETED), (False, RunState.LOST)])
def test_a_client_that_was_killed_during_a_submit_leaves_one_run(ferry: Ferry, taken: bool, state: RunState) -> None:
    """The store as a killed client leaves it: the intent is there, the reference is not."""
    gone = subprocess.run(
        [sys.executable, "-c", "from trainferry.recovery import this_client; print(this_client())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    plan = ferry.plan(job())
    ferry.store.add(intent(plan).model_copy(update={"client": gone}))
    if taken:
        for action in plan.actions:
            ferry.backend().apply(action, silent)
    (run,) = ferry.runs()
    assert run.state is state
    assert len(ferry.runs()) == 1
    if taken:
        assert submits(ferry, run.id) == "x"


def test_a_client_that_is_still_at_work_is_left_alone(ferry: Ferry) -> None:
    ferry.store.add(intent(ferry.plan(job())))
    assert [run.state for run in ferry.runs()] == [RunState.PREPARING]


def test_a_process_is_told_from_a_later_one_with_its_number() -> None:
    host, pid, _ = this_client().split(":")
    assert client_alive(this_client())
    assert not client_alive(f"{host}:{pid}:1")
    assert not client_alive(f"{host}:999999999:1")
    assert not client_alive(f"{host}:nonsense:1")
    assert client_alive("another-host:1:1")


def test_a_run_that_the_backend_no_longer_knows_is_lost(ferry: Ferry) -> None:
    run = ferry.run(job())
    home = ferry.site.backend_home("shelf") / run.id
    home.rename(home.with_name("elsewhere"))
    assert run.refresh().state is RunState.LOST
    assert "doesn't know the run any more" in run.record.reason
    with pytest.raises(RunNotFound):
        run.log()


def test_settings_are_laid_over_the_job_and_named_when_they_do_not_fit(shelf: Path) -> None:
    base = job(compute={"size": "small", "max_nodes": 2}, backends={"shelf": {"compute": {"size": "mine"}}})
    with Ferry(load_config(settings=["compute.max_nodes=4", "arguments=['--x']"])) as ferry:
        resolved = ferry.resolve(base)
        assert (resolved.compute.size, resolved.compute.max_nodes, resolved.arguments) == ("mine", 4, ("--x",))
        assert resolved.backends == {}
        assert resolved.folder == base.folder
    with Ferry(load_config(settings=["compute.sise=x"])) as ferry, pytest.raises(ConfigError) as caught:
        ferry.resolve(base)
    assert str(caught.value).startswith("--set compute.sise: unknown key 'sise' in compute")


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("bogus=1", "--set bogus: unknown key 'bogus'\n  keys known here: name,"),
        ("compute.siz=1", "--set compute.siz: unknown key 'siz' in compute\n  did you mean 'size'?"),
        ("timeout=5x", "'5x' is not a duration; write it like 2h, 90m, 1h30m or 45s\n  'ferry config job' lists"),
        ("distribution.nodes=2", "--set distribution.nodes: 'kind' is missing in distribution\n  add kind: tensorflow"),
        ("distribution.kind=horovod", "distribution.kind can't be 'horovod'\n  write one of: tensorflow, mpi, pytorch"),
        ("compute.max_nodes=0", "--set compute.max_nodes: compute.max_nodes is 0, but must be at least 1\n"),
        ("backends.shelf.exit_cod=1", "--set backends.shelf.exit_cod: unknown setting 'backends.shelf.exit_cod'\n"),
        ("backends.shelf.exit_cod=1", "did you mean 'exit_code'? settings known here: exit_code, fail_at"),
        ("backends.shelf.exit_code=x", "backends.shelf.exit_code must be a whole number, but this is 'x'\n  settings"),
    ],
)
@pytest.mark.usefixtures("shelf")
def test_a_setting_that_does_not_fit_is_told_with_its_source(setting: str, told: str) -> None:
    with Ferry(load_config(settings=[setting])) as ferry, pytest.raises(ConfigError) as caught:
        ferry.plan(job())
    assert told in str(caught.value)


def test_findings_come_worst_first_and_once(ferry: Ferry) -> None:
    found = ferry.check(job(compute={"size": "too-big"}, timeout=None))
    order = [list(Severity).index(finding.severity) for finding in found]
    assert order == sorted(order)
    assert len(found) == len(set(found))


def test_a_second_session_sees_the_runs_of_the_first(ferry: Ferry) -> None:
    run = ferry.run(job())
    with Ferry() as other:
        assert other.get(run.id).wait(30).state is RunState.COMPLETED
