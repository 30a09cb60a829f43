"""ferry logs: what a run printed."""

import argparse
import sys

from trainferry.cli.following import follow
from trainferry.cli.output import Output
from trainferry.cli.parser import count, run_argument
from trainferry.cli.session import ferry_of
from trainferry.cli.view import outcome, run_data
from trainferry.specs.run import RunState

DESCRIPTION = (
    """Print the log of a run. With -f, follow it until the run has ended; Ctrl-C stops the following, not the run."""
)
EXAMPLES = [
    ("ferry logs latest", "all that was printed so far"),
    ("ferry logs -f latest", "and what comes, until it ends"),
    ("ferry logs latest --tail 20", "the last twenty lines"),
    ("ferry logs -f latest --tail 20", "and what comes after them"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    run_argument(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the run has ended")
    parser.add_argument("--tail", type=count, metavar="N", help="only the last N lines")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0; with -f, 1 if the run did not complete."""
    output = Output(arguments)
    with ferry_of(arguments, output) as ferry:
        handle = ferry.get(arguments.run)
        text, cursor = "", None
        if not arguments.follow or arguments.tail is not None:
            text, cursor = handle.read_log()
        if arguments.tail is not None:
            text = "".join(text.splitlines(keepends=True)[-arguments.tail :] if arguments.tail else [])
        if not arguments.follow:
            output.document({"run": run_data(handle), "log": text})
            if not output.json:
                sys.stdout.write(text)
            return 0
        stopped = follow(handle, output, text, cursor)
        if stopped is not None:
            return stopped
        output.document({"run": run_data(handle)})
        output.say(outcome(handle, log_shown=True))
        return 0 if handle.state is RunState.COMPLETED else 1
