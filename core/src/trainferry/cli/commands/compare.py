"""ferry compare: runs side by side."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from trainferry.cli.contestants import contestants_of
from trainferry.cli.format import duration, number, table
from trainferry.cli.output import Output
from trainferry.cli.parser import run_argument
from trainferry.cli.session import ferry_of
from trainferry.compare import compare
from trainferry.errors import FerryError

if TYPE_CHECKING:
    from trainferry.compare import Comparison

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
    if len(arguments.run) < 2:  # noqa: PLR2004  (two sides)
        raise FerryError("a comparison takes two or more runs", remedy=f"ferry compare {arguments.run[0]} ANOTHER")
    with ferry_of(arguments, output) as ferry:
        found = compare(contestants_of(ferry, arguments.run))
    known = [summary.metric for summary in found.metrics]
    if unknown := set(arguments.metric or ()) - set(known):
        raise FerryError(f"no run has the metric '{min(unknown)}'", remedy=f"metrics: {', '.join(known) or 'none'}")
    output.document(asdict(found))
    output.answer(_text(found, arguments.metric or known))
    spread = max((summary.largest_difference or 0.0 for summary in found.metrics), default=0.0)
    if arguments.tolerance is not None and spread > arguments.tolerance:
        output.say(f"they differ by up to {number(spread)}, more than {arguments.tolerance:g}")
        return 1
    return 0


def _text(found: "Comparison", metrics: list[str]) -> str:
    parts = []
    if found.differences:
        rows = [(key, *("-" if value is None else str(value) for value in values)) for key, values in found.differences]
        parts.append(table(("differs", *found.labels), rows))
    for summary in found.metrics:
        if summary.metric in metrics:
            rows = [(str(n), *map(number, values)) for n, values in enumerate(summary.by_epoch, 1)]
            bests = zip(summary.best, summary.best_epoch, strict=True)
            rows.append(("best", *("-" if epoch is None else f"{number(best)} ({epoch})" for best, epoch in bests)))
            rows.append(("last", *map(number, summary.last)))
            parts.append(table((summary.metric, *found.labels), rows))
            if summary.largest_difference is not None:
                parts[-1] += f"\nlargest difference: {number(summary.largest_difference)}"
    costs = zip(found.costs, found.currencies, strict=True)
    totals = [
        ("epochs", *map(str, found.epochs)),
        ("time per epoch", *map(duration, found.seconds_per_epoch)),
        ("cost", *("-" if cost is None else f"{cost:.2f} {currency}" for cost, currency in costs)),
    ]
    parts.append(table(("", *found.labels), totals))
    return "\n\n".join(parts)
