"""Promise 6, failing: a script that fails is failed with its exit code and last lines, and never a success."""

import pytest

from trainferry.errors import FerryError
from trainferry.specs import RunState
from trainferry.testing import scripts
from trainferry.testing.kit import Kit


def test_an_exit_code_that_is_not_zero_is_a_failed_run(kit: Kit, failing_run: str) -> None:
    assert kit.status(failing_run).state is RunState.FAILED


def test_the_exit_code_is_told(kit: Kit, failing_run: str) -> None:
    assert kit.status(failing_run).exit_code == scripts.CODE


def test_the_reason_ends_with_the_last_lines_of_the_log(kit: Kit, failing_run: str) -> None:
    assert kit.status(failing_run).reason.rstrip().endswith("kit-cause: the data is bad")


def test_a_failed_run_knows_when_it_started_and_ended(kit: Kit, failing_run: str) -> None:
    status = kit.status(failing_run)
    assert status.started is not None
    assert status.ended is not None
    assert status.started <= status.ended


def test_an_exception_is_a_failed_run_with_exit_code_one(kit: Kit, crashing_run: str) -> None:
    status = kit.status(crashing_run)
    assert (status.state, status.exit_code) == (RunState.FAILED, 1)


def test_the_reason_names_the_exception(kit: Kit, crashing_run: str) -> None:
    assert "ValueError: kit-boom" in kit.status(crashing_run).reason


def test_a_killed_script_is_a_failed_run(kit: Kit, killed_run: str) -> None:
    status = kit.status(killed_run)
    assert status.state is RunState.FAILED
    assert status.exit_code != 0
    assert status.reason, "nothing says what happened"


@pytest.mark.parametrize("script", [scripts.BROKEN, scripts.LIGHT], ids=["syntax", "message"])
def test_other_ways_to_fail_are_failures_too(kit: Kit, script: str) -> None:
    status = kit.wait(kit.submit(kit.job(script)).ref)
    assert (status.state, status.exit_code) == (RunState.FAILED, 1)


def test_a_script_that_is_not_there_never_succeeds(kit: Kit) -> None:
    job = kit.job().laid_over({"script": "nowhere.py"})
    plan = kit.backend.plan(job, kit.new_run_id())
    if plan.errors:
        return
    try:
        ref = kit.apply(plan)
    except FerryError:
        return
    assert kit.wait(ref).state is RunState.FAILED


def test_a_run_that_takes_too_long_is_ended_and_says_so(kit: Kit) -> None:
    started = kit.submit(kit.job(scripts.SLOW, arguments=[str(scripts.LIMIT)], timeout=1))
    status = kit.wait(started.ref)
    assert status.state in (RunState.FAILED, RunState.CANCELED)
    assert status.exit_code != 0
    assert status.reason, "nothing says that the time was up"
    assert "kit-late" not in kit.log(started.ref)
