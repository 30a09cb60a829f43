"""ferry rm: forget runs."""

import argparse
from contextlib import suppress

from trainferry.cli.asking import agreed
from trainferry.cli.output import Output
from trainferry.cli.parser import run_argument
from trainferry.cli.session import ferry_of
from trainferry.errors import CapabilityMissing, FerryError

DESCRIPTION = """Forget runs that have ended, and remove what is kept of them on this machine.

What a cloud keeps of a run is not touched."""
EXAMPLES = [("ferry rm a-1 b-2", "asks first"), ("ferry rm a-1 --yes", "doesn't")]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    run_argument(parser, many=True)
    parser.add_argument("-y", "--yes", action="store_true", help="don't ask")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 when they are gone."""
    output = Output(arguments)
    with ferry_of(arguments, output) as ferry:
        handles = [ferry.get(name).refresh() for name in dict.fromkeys(arguments.run)]
        for handle in handles:
            if not handle.state.final:
                raise FerryError(
                    f"the run {handle.id} is {handle.state}", remedy=f"end it first: ferry cancel {handle.id}"
                )
        if not arguments.yes and not _agreed([handle.id for handle in handles]):
            output.say("nothing was removed")
            return 1
        for handle in handles:
            if handle.record.ref is not None:
                with suppress(CapabilityMissing):
                    ferry.backend(handle.record.backend).tear_down(f"run:{handle.record.ref}")
            ferry.forget(handle.id)
            output.answer(f"removed {handle.id}")
        output.document({"removed": [handle.id for handle in handles]})
    return 0


def _agreed(names: list[str]) -> bool:
    return agreed(f"remove {', '.join(names)} and their files?", "say --yes to remove without a question")
