"""Runs, plans and metrics as text and as plain data: what several commands show."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trainferry.cli.format import ago, duration, number, size, table
from trainferry.metrics import names_of

if TYPE_CHECKING:
    from trainferry.cli.output import Output
    from trainferry.run import Run
    from trainferry.specs.plan import Plan

MOST_EPOCHS = 20
"""Longest table of epochs that is printed whole; of a longer one the middle is left out."""


def run_data(run: "Run") -> dict[str, Any]:
    """A run as the JSON documents have it."""
    record = run.record
    keys = ("id", "backend", "experiment", "state", "exit_code", "reason", "created", "started", "ended", "ref")
    data = {key: getattr(record, key) for key in keys}
    return data | {"seconds": record.seconds, "cost": record.cost, "currency": record.currency if record.cost else None}


def runs_table(runs: "Sequence[Run]", output: "Output") -> str:
    """A line for each run."""
    rows = [
        (
            run.id,
            str(run.state),
            run.record.backend,
            run.record.experiment,
            ago(run.record.created),
            duration(run.record.seconds),
        )
        for run in runs
    ]
    text = table(("RUN", "STATE", "BACKEND", "EXPERIMENT", "CREATED", "TIME"), rows)
    for state in {str(run.state) for run in runs}:
        text = text.replace(f" {state} ", f" {output.paint(state, state)} ")
    return text


def outcome(run: "Run", *, log_shown: bool = False) -> str:
    """How a run ended, and why; a script that ended by itself has said why in its log, which may have been shown."""
    record = run.record
    took = f" after {duration(record.seconds)}" if record.seconds is not None else ""
    cost = f", about {record.cost:.2f} {record.currency}" if record.cost is not None else ""
    told = record.reason.partition("\n")[0] if log_shown and record.exit_code is not None else record.reason
    reason = f": {told}" if told else ""
    return f"run {run.id} {run.state}{took}{cost}{reason}"


def metrics_table(rows: Sequence[Mapping[str, float]]) -> str:
    """Metrics by epoch, counted from 1; the middle of a long run is left out."""
    columns = names_of(rows)
    lines = [(str(n), *(number(row.get(name)) for name in columns)) for n, row in enumerate(rows, 1)]
    if len(lines) > MOST_EPOCHS:
        half = MOST_EPOCHS // 2
        lines = [*lines[:half], ("...", *("" for _ in columns)), *lines[-half:]]
    return table(("epoch", *columns), lines)


def plan_data(plan: "Plan") -> dict[str, Any]:
    """A plan as the JSON documents have it."""
    return {
        "run_id": plan.run_id,
        "backend": plan.backend,
        "fingerprint": plan.fingerprint,
        "actions": [
            {
                "kind": action.kind,
                "resource": action.resource,
                "summary": action.summary,
                "bytes": action.bytes,
                "files": action.files,
                "fingerprint": action.fingerprint,
            }
            for action in plan.actions
        ],
        "findings": [finding.model_dump(mode="json") for finding in plan.findings],
        "silenced": len(plan.silenced),
        "asked": plan.asked,
        "bytes": plan.bytes,
        "price": plan.price.model_dump(mode="json") if plan.price else None,
        "max_cost": plan.max_cost,
    }


def plan_text(plan: "Plan") -> str:
    """A plan for people: each step, what travels, what it may cost."""
    lines = [f"on the backend '{plan.backend}', {len(plan.actions)} step{'s' if len(plan.actions) != 1 else ''}:"]
    for count, action in enumerate(plan.actions, 1):
        load = [f"{action.files} file{'s' if action.files != 1 else ''}"] if action.files is not None else []
        load += [size(action.bytes)] if action.bytes is not None else []
        lines.append(f"  {count}. {action.summary}" + (f" ({', '.join(load)})" if load else ""))
    if plan.price is not None:
        price = f"{plan.price.per_hour:.2f} {plan.price.currency} an hour for each node ({plan.price.source})"
        most = (
            f"; at most {plan.max_cost:.2f} {plan.price.currency}"
            if plan.max_cost is not None
            else "; no timeout, no limit"
        )
        lines.append(f"  estimated cost: {price}{most}")
    return "\n".join(lines)
