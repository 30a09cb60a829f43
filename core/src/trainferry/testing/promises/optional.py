"""The other hooks: what a backend says of prices, quotas, pages, metrics and its nodes has the form that it should."""

import re
from typing import Any

import pytest

from trainferry.errors import FerryError, RunNotFound
from trainferry.specs import ActionKind, ComputeSpec, RehearsalRules
from trainferry.testing.kit import Kit
from trainferry.testing.requirements import requires


@requires("price")
def test_a_price_says_where_it_comes_from(kit: Kit) -> None:
    price = kit.backend.price(kit.job().compute)
    assert price is None or price.source


@requires("price")
def test_a_size_that_nobody_has_has_no_price(kit: Kit) -> None:
    assert kit.backend.price(ComputeSpec(size="no-such-size")) is None


@requires("price")
def test_a_plan_carries_the_price(kit: Kit) -> None:
    job = kit.job()
    assert kit.plan(job).price == kit.backend.price(job.compute)


@requires("quota")
def test_a_quota_names_its_family(kit: Kit) -> None:
    quota = kit.backend.quota(kit.job().compute)
    assert quota is None or quota.family


@requires("portal_url")
def test_the_page_of_a_run_is_an_address(kit: Kit, printing_run: str) -> None:
    url = kit.backend.portal_url(printing_run)
    assert url is None or re.match(r"https?://[^/\s]+", url)


@requires("metrics")
def test_metrics_are_numbers_by_name(kit: Kit, printing_run: str) -> None:
    for step in kit.backend.metrics(printing_run):
        assert {name: float(value) for name, value in step.items()} == dict(step)


@requires("metrics")
def test_the_metrics_of_an_unknown_run_are_an_error(kit: Kit) -> None:
    with pytest.raises(RunNotFound):
        kit.backend.metrics("no-such-run")


@requires("tear_down")
def test_removing_what_never_was_is_done_already(kit: Kit) -> None:
    """A kind of resource that the target never lets go of is refused in words."""
    kinds = {action.resource.partition(":")[0] for action in kit.plan(kit.job()).actions
             if action.kind is not ActionKind.SUBMIT}  # fmt: skip
    for kind in kinds:
        try:
            kit.backend.tear_down(f"{kind}:{kit.token}")
        except FerryError as error:
            said = error
        else:
            continue
        assert said.remedy, f"the error doesn't say what to do instead: {said}"


@requires("rehearsal_rules")
def test_the_rules_for_a_rehearsal_can_be_stored(kit: Kit) -> None:
    rules = kit.backend.rehearsal_rules(kit.job())
    assert RehearsalRules.model_validate_json(rules.model_dump_json()) == rules


@requires("rehearsal_rules")
def test_mounts_are_as_the_rules_say(kit: Kit, mounting_run: dict[str, Any]) -> None:
    read_only = kit.backend.rehearsal_rules(kit.job()).mount_read_only
    assert read_only == (mounting_run["pictures"]["overwrite"] != "done")


@requires("rehearsal_rules")
def test_variables_are_as_the_rules_say(kit: Kit, reporting_run: dict[str, Any]) -> None:
    assert kit.backend.rehearsal_rules(kit.job()).variables.keys() <= set(reporting_run["names"])


@requires("rehearsal_rules")
def test_the_working_folder_is_as_the_rules_say(kit: Kit, reporting_run: dict[str, Any]) -> None:
    folder = kit.backend.rehearsal_rules(kit.job()).working_folder
    assert folder is None or reporting_run["folder"].startswith(folder)
