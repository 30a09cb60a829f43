"""ferry compare: runs side by side."""

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from trainferry.cli.format import duration, number, table
from trainferry.cli.output import Output
from trainferry.cli.parser import run_argument
from trainferry.cli.session import ferry_of
from trainferry.cli.sides import sides_of
from trainferry.compare import compare
from trainferry.errors import FerryError

if TYPE_CHECKING:
    from trainferry.compare import Comparison, MetricTable

DESCRIPTION = """Put runs side by side: what differs in their jobs, each metric by epoch, best and last, time and cost.

A CSV or JSON-lines file of metrics can stand in for a run."""
EXAMPLES = [
    ("ferry compare a-1 b-2", "two runs"),
    ("ferry compare latest history.csv", "a run and a result from elsewhere"),
    ("ferry compare a-1 b-2 --metric val_acc", "one metric only"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    run_argument(parser, many=True, or_file=True)
    parser.add_argument("--metric", action="append", metavar="NAME", help="only this metric; repeatable")
    parser.add_argument(
        "--tolerance", type=float, metavar="X", help="exit with 1 if a metric differs by more than X in an epoch"
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0; with --tolerance, 1 if the runs differ by more."""
    output = Output(arguments)
    with ferry_of(arguments, output) as ferry:
        found = compare(sides_of(ferry, arguments.run))
    known = [metric.name for metric in found.metrics]
    if unknown := set(arguments.metric or ()) - set(known):
        raise FerryError(f"no run has the metric '{min(unknown)}'", remedy=f"metrics: {', '.join(known) or 'none'}")
    chosen = [metric for metric in found.metrics if metric.name in (arguments.metric or known)]
    output.document(replace(found, metrics=tuple(chosen)).to_data())
    output.answer(_text(found, chosen))
    spread = max((metric.max_difference or 0.0 for metric in chosen), default=0.0)
    if arguments.tolerance is not None and spread > arguments.tolerance:
        output.say(f"they differ by up to {number(spread)}, more than {arguments.tolerance:g}")
        return 1
    return 0


def _text(found: "Comparison", metrics: "list[MetricTable]") -> str:
    parts = []
    if found.differences:
        rows = [(one.key, *("-" if value is None else value for value in one.values)) for one in found.differences]
        parts.append(table(("differs", *found.labels), rows))
    parts += [_metric(metric, found.labels) for metric in metrics]
    costs = zip(found.cost, found.currency, strict=True)
    totals = [
        ("time per epoch", *map(duration, found.seconds_per_epoch)),
        ("time", *map(duration, found.seconds)),
        ("cost", *("-" if cost is None else f"{cost:.2f} {currency}" for cost, currency in costs)),
    ]
    parts.append(table(("", *found.labels), totals))
    return "\n\n".join(parts)


def _metric(metric: "MetricTable", labels: tuple[str, ...]) -> str:
    """One metric by epoch, counted from 1, then the best and the last value of each side."""
    pairs = zip(metric.epochs, metric.values, strict=True)
    rows = [(f"{epoch + 1:g}", *map(number, values)) for epoch, values in pairs]
    if any(metric.best):
        rows.append(("best", *(f"{number(b.value)} (epoch {b.epoch + 1:g})" if b else "-" for b in metric.best)))
    rows.append(("last", *map(number, metric.last)))
    text = table((metric.name, *labels), rows)
    if metric.max_difference is not None:
        text += f"\nlargest difference: {number(metric.max_difference)}"
    return text
