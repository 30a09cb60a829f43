"""ferry cancel: end runs."""

import argparse

from trainferry.cli.output import Output
from trainferry.cli.parser import run_argument
from trainferry.cli.session import ferry_of
from trainferry.cli.view import outcome, run_data
from trainferry.errors import FerryError

DESCRIPTION = """End runs and every process that they started. A run that has ended already is left as it is."""
EXAMPLES = [("ferry cancel latest", "the newest run"), ("ferry cancel a-1 b-2", "two of them")]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    run_argument(parser, many=True)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 if none of them goes on, 1 if one could not be ended."""
    output = Output(arguments)
    refused = 0
    with ferry_of(arguments, output) as ferry:
        handles = [ferry.get(name) for name in arguments.run]
        for handle in handles:
            try:
                output.answer(outcome(handle.cancel()))
            except FerryError as error:
                refused += 1
                output.say(f"error: {handle.id}: {error}")
        output.document({"runs": [run_data(handle) for handle in handles]})
    return 1 if refused else 0
