"""The cost guard: it wraps the plan of any backend, and adds an error to one that could cost more than the budget.

The highest cost of a run is its price for an hour x its timeout x its nodes, as the plan has them; the price is the
backend's estimate. What was spent in the month is read from the run store of this user: other users' runs, and storage,
are not in it.
"""

from typing import TYPE_CHECKING

from trainferry.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from trainferry.site import Site
    from trainferry.specs import Finding, Plan
    from trainferry_cost_guard.settings import CostGuardSettings


class CostGuard:
    """Findings over a budget; an error among them stops the submit."""

    interface_version = 1

    @hookimpl
    def settings_model(self) -> "type[CostGuardSettings]":
        """Give the settings `[extension_settings.cost-guard]`."""
        from trainferry_cost_guard.settings import CostGuardSettings

        return CostGuardSettings

    @hookimpl
    def configure(self, settings: "CostGuardSettings", site: "Site") -> bool:
        """Take the budgets, and where the runs are kept."""
        self._settings = settings
        self._site = site
        return True

    @hookimpl(wrapper=True)
    def plan(self) -> "Generator[None, Plan | None, Plan | None]":
        """Let the backend plan, then add what the budgets say to it."""
        plan = yield
        if plan is None or plan.errors:
            return plan
        return plan.model_copy(update={"findings": (*plan.findings, *self._findings(plan))})

    def _findings(self, plan: "Plan") -> "Iterator[Finding]":
        settings = self._settings
        cost = plan.max_cost
        if plan.price is not None and plan.price.currency != settings.currency:
            yield from self._unknown(f"its price is in {plan.price.currency}, the budget in {settings.currency}")
        elif cost is None:
            yield from self._unknown("the job has no timeout" if plan.price else "the backend knows no price")
        elif settings.per_run is not None and cost > settings.per_run:
            text = (
                f"the run may cost up to {cost:.2f} {settings.currency}; the budget of a run is {settings.per_run:.2f}"
            )
            yield _finding("over-run-budget", "error", text, "shorten 'timeout', or take fewer or cheaper nodes")
        elif settings.per_month is not None:
            yield from self._month(cost, settings.per_month)

    def _month(self, cost: float, budget: float) -> "Iterator[Finding]":
        from trainferry_cost_guard.spending import spent_this_month

        spent = spent_this_month(self._site.home, self._settings.currency)
        if spent + cost > budget:
            text = (
                f"the run may cost up to {cost:.2f} {self._settings.currency}, and {spent:.2f} of this month's "
                f"{budget:.2f} are spent or promised already"
            )
            yield _finding("over-month-budget", "error", text, "shorten 'timeout', or raise per_month")

    def _unknown(self, why: str) -> "Iterator[Finding]":
        severity = {"warn": "warning", "block": "error"}.get(self._settings.unknown)
        if severity is not None:
            remedy = "give the job a timeout, or set extension_settings.cost-guard.unknown to allow"
            yield _finding("cost-unknown", severity, f"what the run may cost at most isn't known: {why}", remedy)


def _finding(rule: str, severity: str, message: str, remedy: str) -> "Finding":
    from trainferry.specs import Finding, Severity

    return Finding(id=rule, severity=Severity(severity), message=message, remedy=remedy)
