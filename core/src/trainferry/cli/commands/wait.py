"""ferry wait: until runs have ended."""

import argparse
import time

from trainferry.cli.following import detached
from trainferry.cli.main import INTERRUPTED
from trainferry.cli.output import Output
from trainferry.cli.parser import run_argument
from trainferry.cli.session import ferry_of
from trainferry.cli.view import outcome, run_data
from trainferry.specs.run import RunState
from trainferry.specs.text import parse_duration

DESCRIPTION = """Wait until one or more runs have ended."""
EXAMPLES = [
    ("ferry wait latest", "until the newest run has ended"),
    ("ferry wait a-1 b-2 --timeout 30m", "both, at most half an hour"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    run_argument(parser, many=True)
    parser.add_argument("--timeout", metavar="TIME", type=_duration, help="give up after this long, like 90s or 2h")


def _duration(text: str) -> float:
    try:
        return float(parse_duration(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 if all completed, 1 if one did not or the time was up."""
    output = Output(arguments)
    deadline = None if arguments.timeout is None else time.monotonic() + arguments.timeout
    with ferry_of(arguments, output) as ferry:
        handles = [ferry.get(name) for name in arguments.run]
        for handle in handles:
            try:
                handle.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))
            except KeyboardInterrupt:
                detached(handle, output)
                return INTERRUPTED
            except TimeoutError as error:
                output.say(f"{error} after {arguments.timeout:g} s; it goes on")
            else:
                output.answer(outcome(handle))
        output.document({"runs": [run_data(handle) for handle in handles]})
        return 0 if all(handle.state is RunState.COMPLETED for handle in handles) else 1
