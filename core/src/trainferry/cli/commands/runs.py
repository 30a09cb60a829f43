"""ferry runs: the runs of this user."""

import argparse
from typing import TYPE_CHECKING, Any

from trainferry.cli.output import Output
from trainferry.cli.session import ferry_of
from trainferry.cli.view import run_data, runs_table
from trainferry.errors import FerryError
from trainferry.specs.run import RunState

if TYPE_CHECKING:
    from trainferry.ferry import Ferry
    from trainferry.recovery import Unanswered

DESCRIPTION = """List runs, newest first, whatever project they belong to. Those that had not ended are asked after.

A backend that can't be asked costs one warning; its runs are shown as they were last known."""
EXAMPLES = [
    ("ferry runs", "the newest twenty"),
    ("ferry runs --experiment recycling", "of one experiment"),
    ("ferry runs --state failed --limit 5", "the last five that failed"),
    ("ferry runs --remote", "also those that were submitted from another machine; they are known here from then on"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--experiment", metavar="NAME", help="only those of this experiment")
    parser.add_argument("--backend", metavar="NAME", help="only those on this backend")
    parser.add_argument("--state", choices=[str(state) for state in RunState], help="only those in this state")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="at most so many; 0 for all (default: 20)")
    parser.add_argument(
        "--remote", action="store_true", help="ask the backend for runs made on other machines, and adopt them"
    )
    parser.add_argument("--offline", action="store_true", help="don't ask any backend; show what was known last")


def run(arguments: argparse.Namespace) -> int:
    """Always 0, also when there are none."""
    output = Output(arguments)
    with ferry_of(arguments, output) as ferry:
        if arguments.remote:
            _adopt(ferry, arguments, output)
        limit = arguments.limit if arguments.limit > 0 and not arguments.state else None
        missed: list[Unanswered] = []
        found = ferry.runs(
            experiment=arguments.experiment,
            backend=arguments.backend,
            limit=limit,
            refresh=not arguments.offline,
            unanswered=missed.append,
        )
        if arguments.state:
            found = [one for one in found if one.state == arguments.state][: arguments.limit or None]
        output.document({"runs": [run_data(one) for one in found], "unanswered": [_data(one) for one in missed]})
        if found:
            output.answer(runs_table(found, output))
        else:
            output.say("no runs fit; start one: ferry run job.yaml")
        for one in missed:
            output.say(f"warning: {one}")
    return 0


def _data(missed: "Unanswered") -> dict[str, Any]:
    from trainferry.ferry import reason_of  # noqa: PLC0415  (imported by now; the help needs none of it)

    error = missed.error
    place = str(error.where) if isinstance(error, FerryError) and error.where else None
    remedy = error.remedy if isinstance(error, FerryError) else ""
    told = {"message": reason_of(error), "remedy": remedy, "where": place}
    return {"backend": missed.backend, **told, "runs": list(missed.runs)}


def _adopt(ferry: "Ferry", arguments: argparse.Namespace, output: Output) -> None:
    if arguments.offline:
        raise FerryError("--remote asks the backend, --offline forbids it", remedy="leave one of them out")
    new = ferry.adopt(experiment=arguments.experiment, backend=arguments.backend)
    if new:
        output.say(f"{len(new)} adopted from '{new[0].record.backend}': {', '.join(run.id for run in new)}")
    else:
        output.say("the backend knows no runs that are not known here")
