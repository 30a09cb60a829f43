"""Promise 3, lifetime: a run outlives its client, and any client can tell how it stands."""

import time

import pytest

from trainferry.specs import RunState
from trainferry.testing import scripts
from trainferry.testing.kit import Kit, Started

CLOCKS = 60.0
"""By how much the clock of the target may differ from this machine's (seconds)."""


def slow(kit: Kit) -> Started:
    """A run that goes on for a moment."""
    return kit.submit(kit.job(scripts.SLOW, arguments=[str(kit.target.slow_seconds)]))


def test_a_run_outlives_the_client_that_submitted_it(kit: Kit) -> None:
    plan = kit.plan(kit.job(scripts.SLOW, arguments=[str(kit.target.slow_seconds)]))
    client = kit.second("apply", plan=plan.model_dump(mode="json"), stay=True)
    ref = client.answer_and_stay()
    client.kill_group()
    assert kit.wait(ref).state is RunState.COMPLETED
    assert "kit-late" in kit.log(ref)


def test_a_running_run_says_so(kit: Kit) -> None:
    ref = slow(kit).ref
    kit.until(lambda: kit.status(ref).state is not RunState.QUEUED, "the run to leave the queue")
    status = kit.status(ref)
    assert (status.state, status.exit_code, status.ended) == (RunState.RUNNING, None, None)
    assert kit.wait(ref).state is RunState.COMPLETED


def test_states_only_move_forwards(kit: Kit) -> None:
    ref = slow(kit).ref
    order = [RunState.PREPARING, RunState.QUEUED, RunState.RUNNING, RunState.COMPLETED]
    seen = [kit.status(ref).state]

    def ended() -> bool:
        seen.append(kit.status(ref).state)
        return seen[-1].final

    kit.until(ended, f"the run {ref} to end")
    assert [order.index(state) for state in seen] == sorted(order.index(state) for state in seen)


def test_a_completed_run_has_exit_code_zero_and_no_complaint(kit: Kit, printing_run: str) -> None:
    status = kit.status(printing_run)
    assert (status.state, status.exit_code, status.reason) == (RunState.COMPLETED, 0, "")


def test_a_run_knows_when_it_started_and_ended(kit: Kit, printing_run: str) -> None:
    status = kit.status(printing_run)
    assert status.started is not None
    assert status.ended is not None
    assert status.started <= status.ended <= time.time() + CLOCKS
    assert status.started >= time.time() - (time.monotonic() - kit.begun) - CLOCKS


def test_the_end_of_a_run_stays_as_it_is(kit: Kit, printing_run: str) -> None:
    assert kit.status(printing_run) == kit.client().poll([printing_run])[printing_run]


def test_another_process_sees_state_and_log(kit: Kit, failing_run: str) -> None:
    assert kit.second("state", ref=failing_run).answer() == "failed"
    assert kit.second("read_log", ref=failing_run, cursor=None).answer() == kit.log(failing_run)


def test_many_runs_are_told_in_one_answer(kit: Kit, printing_run: str, failing_run: str) -> None:
    answer = kit.backend.poll([printing_run, "no-such-run", failing_run])
    assert {ref: status.state for ref, status in answer.items()} == {
        printing_run: RunState.COMPLETED,
        failing_run: RunState.FAILED,
    }


def test_asking_for_no_run_gives_none(kit: Kit) -> None:
    assert kit.backend.poll([]) == {}


STRANGE = ["no-such-run", "", ".", "..", "../../etc", "/etc", "a b/ü", "x" * 5000]


@pytest.mark.parametrize("ref", STRANGE, ids=lambda ref: ascii(ref)[:20])
def test_a_run_that_is_not_known_is_left_out(kit: Kit, ref: str) -> None:
    assert kit.backend.poll([ref]) == {}
