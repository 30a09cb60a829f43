"""Promise 5, canceling: it ends every process of the run within the stated time, and twice is harmless."""

import pytest

from trainferry.errors import RunNotFound
from trainferry.specs import RunState
from trainferry.testing import scripts
from trainferry.testing.kit import Kit
from trainferry.testing.requirements import requires
from trainferry.testing.runs import GENERATIONS, Canceled


@requires("cancel")
def test_a_canceled_run_says_so(kit: Kit, canceled_run: Canceled) -> None:
    """Also when its script took the signal for a reason to exit with 0."""
    assert canceled_run.error == ""
    assert canceled_run.status is not None, "the run never ended"
    assert canceled_run.status.state is RunState.CANCELED


@requires("cancel")
def test_a_cancel_takes_no_longer_than_stated(kit: Kit, canceled_run: Canceled) -> None:
    assert canceled_run.error == ""
    assert canceled_run.seconds <= kit.target.cancel_seconds


@requires("cancel")
@pytest.mark.parametrize("generation", GENERATIONS)
def test_no_process_survives_a_cancel(kit: Kit, canceled_run: Canceled, generation: str) -> None:
    """Child and grandchild have sessions of their own and ignore every polite signal."""
    if canceled_run.before[generation]:
        assert canceled_run.after[generation] == 0, f"the {generation} still runs after the cancel"
        return
    beats = kit.log(canceled_run.ref).count("kit-beat")
    kit.completed(kit.job(scripts.SLOW, arguments=[str(kit.target.slow_seconds)]))  # ten times as long as a beat
    assert kit.log(canceled_run.ref).count("kit-beat") == beats, "its processes still print after the cancel"


@requires("cancel")
def test_canceling_twice_is_harmless(kit: Kit, canceled_run: Canceled) -> None:
    assert canceled_run.error_again == ""
    assert kit.status(canceled_run.ref) == canceled_run.status


@requires("cancel")
def test_a_canceled_run_keeps_its_log(kit: Kit, canceled_run: Canceled) -> None:
    assert scripts.READY in kit.log(canceled_run.ref).splitlines()
    assert kit.backend.read_log(canceled_run.ref, None).text


@requires("cancel")
@pytest.mark.parametrize("run", ["printing_run", "failing_run"])
def test_canceling_a_run_that_has_ended_leaves_it_as_it_is(kit: Kit, request: pytest.FixtureRequest, run: str) -> None:
    ref = request.getfixturevalue(run)
    before = kit.status(ref)
    kit.backend.cancel(ref)
    assert kit.status(ref) == before


@requires("cancel")
@pytest.mark.parametrize("ref", ["no-such-run", "../../etc"])
def test_canceling_an_unknown_run_is_an_error(kit: Kit, ref: str) -> None:
    with pytest.raises(RunNotFound):
        kit.backend.cancel(ref)


@requires("cancel")
def test_another_process_can_cancel(kit: Kit) -> None:
    ref = kit.submit(kit.job(scripts.SLOW, arguments=[str(scripts.LIMIT)])).ref
    kit.until_log(ref, "kit-early")
    kit.second("cancel", ref=ref).answer()
    assert kit.wait(ref).state is RunState.CANCELED
    assert "kit-late" not in kit.log(ref)


@requires("cancel")
def test_a_run_can_be_canceled_right_after_its_submit(kit: Kit) -> None:
    """Before it has started, or while it does."""
    ref = kit.submit(kit.job(scripts.SLOW, arguments=[str(scripts.LIMIT)])).ref
    kit.backend.cancel(ref)
    assert kit.wait(ref).state is RunState.CANCELED
    assert "kit-late" not in kit.log(ref)


@requires("cancel")
def test_applying_the_plan_of_a_canceled_run_does_not_start_it_again(kit: Kit) -> None:
    started = kit.submit(kit.job(scripts.SLOW, arguments=[str(scripts.LIMIT)]))
    kit.until_log(started.ref, "kit-early")
    kit.backend.cancel(started.ref)
    kit.wait(started.ref)
    assert kit.apply(started.plan) == started.ref
    assert kit.status(started.ref).state is RunState.CANCELED
    assert kit.starts(started.ref) == 1
