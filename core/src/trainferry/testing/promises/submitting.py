"""Promises 1 and 2, submitting: applying twice is applying once, and an interrupted submit is found again."""

from contextlib import suppress
from typing import Any

import pytest

from trainferry.progress import Progress
from trainferry.specs import ActionKind, Plan, RunState
from trainferry.testing import scripts
from trainferry.testing.kit import EXPERIMENT, Kit, Started
from trainferry.testing.requirements import requires

WHEN = ("at-the-first-step", "at-the-third-step", "at-the-end")


@pytest.fixture
def quick_run(kit: Kit) -> Started:
    """A completed run, and its plan."""
    started: Started = kit.shared("quick", lambda: kit.completed(kit.job(tags={"kit": kit.token})))
    return started


def as_data(plan: Plan) -> dict[str, Any]:
    """A plan as another process gets it."""
    return plan.model_dump(mode="json")


def test_applying_a_plan_twice_makes_one_run(kit: Kit) -> None:
    plan = kit.plan(kit.job(scripts.SLOW, arguments=[str(kit.target.slow_seconds)]))
    first, second = kit.apply(plan), kit.apply(plan)
    assert first == second
    assert kit.wait(first).state is RunState.COMPLETED
    assert kit.starts(first) == 1


def test_applying_a_plan_again_after_the_end_starts_nothing(kit: Kit, quick_run: Started) -> None:
    before = kit.status(quick_run.ref)
    assert kit.apply(quick_run.plan, kit.client()) == quick_run.ref
    assert kit.wait(quick_run.ref) == before
    assert kit.starts(quick_run.ref) == 1


def test_steps_before_the_submit_can_be_repeated(kit: Kit, quick_run: Started) -> None:
    plan = kit.plan(kit.job())
    steps = [action for action in plan.actions if action.kind is not ActionKind.SUBMIT]
    for action in [*steps, *steps]:
        assert kit.backend.apply(action, lambda _event: None).ref is None


def test_clients_that_submit_the_same_run_at_once_make_one(kit: Kit) -> None:
    plan = kit.plan(kit.job())
    clients = [kit.second("apply", plan=as_data(plan), gate=True) for _ in range(3)]
    for client in clients:
        client.until_ready()
    for client in clients:
        client.go()
    refs = {client.answer() for client in clients}
    assert len(refs) == 1, f"one plan, several runs: {refs}"
    ref = refs.pop()
    assert kit.wait(ref).state is RunState.COMPLETED
    assert kit.starts(ref) == 1


def test_two_plans_of_one_job_make_two_runs(kit: Kit) -> None:
    job = kit.job()
    first, second = kit.submit(job), kit.submit(job)
    assert first.ref != second.ref
    assert [kit.wait(one.ref).state for one in (first, second)] == [RunState.COMPLETED] * 2


@pytest.mark.parametrize("how", [{"die_at_event": 1}, {"die_at_event": 3}, {"die_after": True}], ids=WHEN)
def test_a_submit_whose_client_was_killed_can_be_repeated(kit: Kit, how: dict[str, Any]) -> None:
    """Wherever the kill struck, applying the plan again gives one whole run."""
    plan = kit.plan(kit.job(files={f"file{number}.txt": "x" for number in range(5)}))
    kit.second("apply", plan=as_data(plan), **how).killed()
    ref = kit.apply(plan)
    assert kit.wait(ref).state is RunState.COMPLETED
    assert kit.starts(ref) == 1


def test_a_submit_that_was_interrupted_can_be_repeated(kit: Kit) -> None:
    plan = kit.plan(kit.job(files={"more.txt": "x"}))

    def interrupt(_event: Progress) -> None:
        raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        kit.apply(plan, report=interrupt)
    ref = kit.apply(plan)
    assert kit.wait(ref).state is RunState.COMPLETED
    assert kit.starts(ref) == 1


@requires("find_runs")
def test_a_submit_whose_reference_was_lost_is_found_again(kit: Kit) -> None:
    plan = kit.plan(kit.job())
    kit.second("apply", plan=as_data(plan), die_after=True).killed()
    (found,) = kit.client().find_runs(run_id=plan.run_id)
    assert found.run_id == plan.run_id
    assert kit.apply(plan) == found.ref
    assert kit.wait(found.ref).state is RunState.COMPLETED


@requires("find_runs")
def test_a_run_is_found_by_its_id_with_status_and_experiment(kit: Kit, quick_run: Started) -> None:
    (found,) = kit.backend.find_runs(run_id=quick_run.plan.run_id)
    assert (found.run_id, found.ref) == (quick_run.plan.run_id, quick_run.ref)
    assert (found.status.state, found.experiment) == (RunState.COMPLETED, EXPERIMENT)


@requires("find_runs")
def test_a_found_run_carries_the_tags_of_its_job(kit: Kit, quick_run: Started) -> None:
    (found,) = kit.backend.find_runs(run_id=quick_run.plan.run_id)
    assert found.tags.get("kit") == kit.token


@requires("find_runs")
def test_runs_are_found_by_their_experiment(kit: Kit, quick_run: Started) -> None:
    assert quick_run.ref in {found.ref for found in kit.backend.find_runs(experiment=EXPERIMENT)}
    assert list(kit.backend.find_runs(experiment=f"no-{kit.token}")) == []


@requires("find_runs")
@pytest.mark.parametrize("run_id", ["no-such-run", "", "../..", "kit"])
def test_a_run_that_never_was_is_not_found(kit: Kit, quick_run: Started, run_id: str) -> None:
    """An id that only starts like one, or leads elsewhere, is another id."""
    assert list(kit.backend.find_runs(run_id=run_id)) == []
