"""A verdict as one screen, and as plain data."""

from typing import TYPE_CHECKING, Any

from trainferry.cli.format import duration, size
from trainferry.cli.view import plan_data
from trainferry.specs.verdict import StageState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainferry.cli.output import Output
    from trainferry.specs.finding import Finding
    from trainferry.specs.rehearsal import Range, Rehearsal
    from trainferry.specs.verdict import Verdict


def verdict_data(verdict: "Verdict") -> dict[str, Any]:
    """A verdict as the JSON documents have it."""
    data = verdict.model_dump(mode="json", exclude={"plan"})
    return data | {"ok": verdict.ok, "plan": plan_data(verdict.plan) if verdict.plan else None}


def show_verdict(verdict: "Verdict", output: "Output") -> None:
    """Print a verdict: the findings, worst first, then how far each stage looked, then the answer in one line."""
    show_findings(verdict.findings, output)
    width = max((len(stage.name) for stage in verdict.stages), default=0) + 2
    for stage in verdict.stages:
        state = "" if stage.state is StageState.DONE else f"{stage.state}: "
        took = "" if stage.state is StageState.SKIPPED else duration(stage.seconds)
        output.answer(f"{stage.name:<{width}}{took:>8}  {state}{stage.detail}".rstrip())
    plan = verdict.plan
    if plan is not None and plan.actions:
        for count, action in enumerate(plan.actions, 1):
            load = f" ({size(action.bytes)})" if action.bytes else ""
            output.answer(f"  {count}. {action.summary}{load}")
    if verdict.rehearsal is not None:
        output.answer(rehearsal_text(verdict.rehearsal))
    cost = cost_text(verdict)
    if cost:
        output.answer(cost)
    output.answer(headline(verdict, output))


def show_findings(findings: "Sequence[Finding]", output: "Output") -> None:
    """Print findings as an answer, one paragraph each: place, what and why, what to do, how sure."""
    for finding in findings:
        if output.quiet and finding.severity == "note":
            continue
        sure = "" if finding.confidence == "certain" else f" ({finding.confidence})"
        place = f"{finding.where}: " if finding.where else ""
        kind = output.paint(finding.severity, finding.severity)
        output.answer(f"{place}{kind}{sure}: {finding.message} [{finding.id}]")
        if finding.remedy:
            output.answer(f"  {finding.remedy}")


def rehearsal_text(rehearsal: "Rehearsal") -> str:
    """What a rehearsal measured, in a few lines."""
    facts = [f"{name}: {text}" for name, text in rehearsal.samples.items()]
    if rehearsal.peak_bytes is not None:
        facts.append(f"{size(rehearsal.peak_bytes)} of memory")
    if rehearsal.step_seconds is not None:
        facts.append(f"{rehearsal.step_seconds * 1000:.0f} ms a step")
    if rehearsal.outputs:
        facts.append(f"{len(rehearsal.outputs)} outputs, {size(sum(rehearsal.outputs.values()))}")
    lines = [f"  rehearsed: {', '.join(facts)}"] if facts else []
    if rehearsal.differences:
        lines.append(f"  other than there: {', '.join(rehearsal.differences)}")
    if rehearsal.expected_seconds is not None:
        lines.append(f"  expected time of the whole run: {_range(rehearsal.expected_seconds)}")
    return "\n".join(lines)


def _range(value: "Range") -> str:
    return f"{duration(value.low)} to {duration(value.high)}"


def cost_text(verdict: "Verdict") -> str:
    """What the run may cost, where the backend has a price; empty if not."""
    plan = verdict.plan
    if plan is None or plan.price is None:
        return ""
    currency = plan.price.currency
    text = f"cost: {plan.price.per_hour:.2f} {currency} an hour for each node"
    if verdict.rehearsal is not None and verdict.rehearsal.expected_cost is not None:
        cost = verdict.rehearsal.expected_cost
        text += f"; expected {cost.low:.2f} to {cost.high:.2f} {currency}"
    return text + (
        f"; at most {plan.max_cost:.2f} {currency}" if plan.max_cost is not None else "; no timeout, no limit"
    )


def headline(verdict: "Verdict", output: "Output") -> str:
    """The answer: whether it would run there."""
    errors, warnings = len(verdict.errors), sum(finding.severity == "warning" for finding in verdict.findings)
    silenced = f", {len(verdict.silenced)} silenced" if verdict.silenced else ""
    unknown = [stage.name for stage in verdict.stages if stage.state is StageState.UNCHECKED]
    counts = f"{errors} error{'s' if errors != 1 else ''}, {warnings} warning{'s' if warnings != 1 else ''}{silenced}"
    if errors:
        return f"{verdict.job} would {output.paint('fail', 'error')} on '{verdict.backend}': {counts}"
    answer = output.paint("nothing found that would stop it", "completed")
    open_parts = f"; not checked: {', '.join(unknown)}" if unknown else ""
    return f"{verdict.job} on '{verdict.backend}': {answer} ({counts}){open_parts}"
