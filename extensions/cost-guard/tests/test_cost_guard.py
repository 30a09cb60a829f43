"""The cost guard around a backend with prices: what it lets through, what it stops, and what it says about it."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from trainferry import Finding, Job, Plan, RunState
from trainferry.backend import Backend
from trainferry.errors import ConfigError
from trainferry.hookspecs import hookimpl
from trainferry.runs import RunStore
from trainferry.site import Site
from trainferry.specs import Action, ActionKind, Price, RunRecord, Severity
from trainferry_cost_guard.extension import CostGuard
from trainferry_cost_guard.spending import spent_this_month

HOUR = 3600


class Toll:
    """A backend that takes one price for everything."""

    interface_version = 1

    def __init__(self, price: Price | None) -> None:
        self.price_of_all = price

    @hookimpl
    def plan(self, job: Job, run_id: str) -> Plan:
        """Plan a submit, at the price."""
        submit = Action(kind=ActionKind.SUBMIT, resource=f"run:{run_id}", summary="pay")
        return Plan(run_id=run_id, backend="toll", job=job, actions=(submit,), price=self.price_of_all)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Folders of a user without runs."""
    return Site(home=tmp_path / "home", cache=tmp_path / "cache")


def findings(
    site: Site, price: float | None = 2.0, job: dict[str, Any] | None = None, **settings: Any
) -> list[Finding]:
    """What the guard adds to the plan of a job of three hours, at a price per hour."""
    toll = Toll(None if price is None else Price(per_hour=price, source="the toll house, 2026-11-01"))
    backend = Backend("toll", toll, extensions={"cost-guard": CostGuard()})
    backend.configure_extensions({"cost-guard": settings}, site)
    data = {"name": "j", "script": "a.py", "timeout": "3h", **(job or {})}
    return list(backend.plan(Job.model_validate(data), "j-1").findings)


def record(number: int, state: RunState, *, created: float, hours: float = 1.0, price: float = 2.0) -> RunRecord:
    """A run of the store; one that has ended ran for so many hours."""
    ended = created + hours * HOUR if state.final else None
    job = Job(name="j", script="a.py", timeout=HOUR)
    names = {"id": f"j-{number}", "backend": "toll", "experiment": "j", "job": job, "folder": "."}
    times = {"created": created, "started": created, "ended": ended}
    return RunRecord.model_validate({**names, **times, "state": state, "price_per_hour": price})


def test_a_run_within_the_budget_passes(site: Site) -> None:
    assert findings(site, per_run=6) == []


def test_a_run_over_the_budget_is_an_error_with_both_numbers(site: Site) -> None:
    (found,) = findings(site, per_run=5.99)
    assert (found.id, found.severity) == ("over-run-budget", Severity.ERROR)
    assert "up to 6.00 USD; the budget of a run is 5.99" in found.message
    assert found.remedy


def test_nodes_count(site: Site) -> None:
    (found,) = findings(site, per_run=10, job={"distribution": {"kind": "mpi", "nodes": 2}})
    assert "up to 12.00 USD" in found.message


@pytest.mark.parametrize(("unknown", "severities"), [("allow", []), ("warn", ["warning"]), ("block", ["error"])])
def test_a_cost_that_is_not_known_is_treated_as_the_settings_say(
    site: Site, unknown: str, severities: list[str]
) -> None:
    cases: list[dict[str, Any]] = [{"price": None}, {"job": {"timeout": None}}, {"currency": "EUR"}]
    for case in cases:
        found = findings(site, per_run=100, unknown=unknown, **case)
        assert [str(one.severity) for one in found] == severities, case


def test_what_was_spent_in_the_month_counts(site: Site) -> None:
    assert findings(site, per_month=7) == []
    store = RunStore(site.home)
    store.add(record(1, RunState.COMPLETED, created=time.time(), hours=0.25))
    store.close()
    assert findings(site, per_month=7) == []
    (found,) = findings(site, per_month=6.4)
    assert found.id == "over-month-budget"
    assert "up to 6.00 USD, and 0.50 of this month's 6.40" in found.message


def test_only_this_months_runs_in_the_same_currency_count_and_open_ones_with_their_most(site: Site) -> None:
    now = datetime(2026, 11, 15, tzinfo=UTC)
    store = RunStore(site.home)
    store.add(record(1, RunState.FAILED, created=datetime(2026, 11, 1, tzinfo=UTC).timestamp(), hours=2))
    store.add(record(2, RunState.COMPLETED, created=datetime(2026, 10, 31, 23, tzinfo=UTC).timestamp()))
    store.add(record(3, RunState.RUNNING, created=now.timestamp()))
    store.add(record(4, RunState.RUNNING, created=now.timestamp()).model_copy(update={"price_per_hour": None}))
    store.close()
    assert spent_this_month(site.home, "USD", now) == pytest.approx(2 * 2 + 1 * 2)
    assert spent_this_month(site.home, "EUR", now) == 0


def test_planning_with_the_guard_still_changes_nothing(site: Site) -> None:
    findings(site, per_month=100)
    assert not site.home.exists()


def test_a_guard_without_a_budget_is_refused(site: Site) -> None:
    with pytest.raises(ConfigError, match="has no budget; give per_run, per_month, or both"):
        findings(site)


def test_an_unknown_setting_names_table_and_key(site: Site) -> None:
    with pytest.raises(ConfigError, match=r"extension_settings\.cost-guard\.per_day"):
        findings(site, per_day=1)
