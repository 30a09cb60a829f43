"""Promise 1, planning: it changes nothing, and what was planned is what is applied."""

import pytest

from trainferry.errors import FerryError
from trainferry.specs import ActionKind, Plan
from trainferry.testing import scripts
from trainferry.testing.kit import Kit, digests
from trainferry.testing.requirements import requires


def test_a_plan_says_for_which_backend_run_and_job(kit: Kit) -> None:
    job = kit.job()
    plan = kit.backend.plan(job, "kit-named")
    assert (plan.backend, plan.run_id, plan.job) == (kit.target.name, "kit-named", job)


def test_a_plan_ends_with_its_only_submit(kit: Kit) -> None:
    kinds = [action.kind for action in kit.plan(kit.job()).actions]
    assert kinds[-1] is ActionKind.SUBMIT
    assert kinds.count(ActionKind.SUBMIT) == 1


def test_each_step_says_in_words_what_it_does_and_to_what(kit: Kit) -> None:
    for action in kit.plan(kit.job()).actions:
        kind, colon, name = action.resource.partition(":")
        assert action.summary.strip(), action
        assert (bool(kind), colon, bool(name)) == (True, ":", True), f"{action.resource} is no type:name"


def test_planning_changes_nothing_on_this_machine(kit: Kit) -> None:
    """But for the cache, whose loss costs time only."""
    job, site = kit.job(), kit.new_site()
    before = digests(job.source_folder)
    assert kit.client(site).plan(job, "kit-looking").actions
    assert (digests(site.home), digests(job.source_folder)) == ({}, before)


@requires("find_runs")
def test_planning_submits_nothing(kit: Kit) -> None:
    plan = kit.plan(kit.job())
    assert list(kit.backend.find_runs(run_id=plan.run_id)) == []


def test_the_same_job_has_the_same_plan(kit: Kit) -> None:
    job = kit.job()
    first, second = (kit.backend.plan(job, "kit-same") for _ in range(2))
    assert [action.fingerprint for action in first.actions] == [action.fingerprint for action in second.actions]
    assert first.snapshot == second.snapshot


@pytest.mark.parametrize("change", ["arguments", "script", "variables"])
def test_another_job_has_another_plan(kit: Kit, change: str) -> None:
    job = kit.job()
    plan = kit.backend.plan(job, "kit-other")
    if change == "script":
        (job.source_folder / "kit.py").write_text("print('something else')\n", encoding="utf-8")
    elif change == "arguments":
        job = job.laid_over({"arguments": ["another"]})
    else:
        job = job.laid_over({"environment": {"variables": {"KIT_OTHER": "1"}}})
    assert kit.backend.plan(job, "kit-other").fingerprint != plan.fingerprint


def test_a_plan_is_plain_data(kit: Kit) -> None:
    """It may be stored, and read back by another process on another day."""
    plan = kit.plan(kit.job())
    again = Plan.model_validate_json(plan.model_dump_json())
    assert again == plan
    assert again.fingerprint == plan.fingerprint


def test_a_plan_can_be_applied_by_another_process(kit: Kit) -> None:
    plan = kit.plan(kit.job())
    ref = kit.second("apply", plan=plan.model_dump(mode="json")).answer()
    assert kit.wait(ref).exit_code == 0


def test_what_was_made_once_is_not_made_again(kit: Kit) -> None:
    job = kit.job()
    kit.wait(kit.submit(job).ref)
    making = {ActionKind.CREATE, ActionKind.BUILD, ActionKind.UPLOAD, ActionKind.REGISTER}
    assert [action.summary for action in kit.plan(job).actions if action.kind in making] == []


def test_a_script_that_changed_since_the_plan_does_not_run(kit: Kit) -> None:
    """What was checked and what runs must be the same: the old script runs, or the submit is refused."""
    job = kit.job()
    plan = kit.plan(job)
    (job.source_folder / "kit.py").write_text("print('kit-changed')\n", encoding="utf-8")
    try:
        ref = kit.apply(plan)
    except FerryError:
        return
    kit.wait(ref)
    assert "kit-changed" not in kit.log(ref)


def test_a_dataset_that_is_not_there_is_refused(kit: Kit) -> None:
    job = kit.job(datasets={"gone": {"path": "no-such-folder"}}, arguments=["${{ datasets.gone }}"])
    plan = kit.backend.plan(job, kit.new_run_id())
    if not plan.errors:
        with pytest.raises(FerryError):
            kit.apply(plan)
    assert kit.backend.poll([plan.run_id]) == {}


@pytest.mark.parametrize("kind", ["tensorflow", "pytorch", "mpi"])
def test_several_processes_are_given_or_refused(kit: Kit, kind: str) -> None:
    """A job for two nodes must never run on one without a word."""
    job = kit.job(scripts.NODES, distribution={"kind": kind, "nodes": 2}, compute={"max_nodes": 2})
    plan = kit.backend.plan(job, kit.new_run_id())
    if plan.errors:
        assert all(finding.remedy for finding in plan.errors)
        return
    ref = kit.apply(plan)
    assert kit.wait(ref).exit_code == 0
    seen = kit.report(ref)
    told = {"tensorflow": '"worker"' in seen["TF_CONFIG"], "pytorch": seen["WORLD_SIZE"] == "2"}
    assert told.get(kind, seen["OMPI_COMM_WORLD_SIZE"] == "2"), seen
