"""ferry runs: the runs of this user."""

import argparse

from trainferry.cli.output import Output
from trainferry.cli.session import ferry_of
from trainferry.cli.view import run_data, runs_table
from trainferry.specs.run import RunState

DESCRIPTION = """List runs, newest first, whatever project they belong to. Those that had not ended are asked after."""
EXAMPLES = [
    ("ferry runs", "the newest twenty"),
    ("ferry runs --experiment recycling", "of one experiment"),
    ("ferry runs --state failed --limit 5", "the last five that failed"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--experiment", metavar="NAME", help="only those of this experiment")
    parser.add_argument("--backend", metavar="NAME", help="only those on this backend")
    parser.add_argument("--state", choices=[str(state) for state in RunState], help="only those in this state")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="at most so many; 0 for all (default: 20)")
    parser.add_argument("--offline", action="store_true", help="don't ask any backend; show what was known last")


def run(arguments: argparse.Namespace) -> int:
    """Always 0, also when there are none."""
    output = Output(arguments)
    with ferry_of(arguments, output) as ferry:
        limit = arguments.limit if arguments.limit > 0 and not arguments.state else None
        found = ferry.runs(
            experiment=arguments.experiment, backend=arguments.backend, limit=limit, refresh=not arguments.offline
        )
        if arguments.state:
            found = [one for one in found if one.state == arguments.state][: arguments.limit or None]
        output.document({"runs": [run_data(one) for one in found]})
        if found:
            output.answer(runs_table(found, output))
        else:
            output.say("no runs fit; start one: ferry run job.yaml")
    return 0
