"""ferry doctor: what is missing on this machine."""

import argparse
import platform
import sys

from trainferry import __version__
from trainferry.cli.output import Output
from trainferry.cli.parser import settings_options
from trainferry.cli.session import ferry_of
from trainferry.errors import FerryError
from trainferry.plugins import BACKENDS, entries
from trainferry.specs.finding import Severity

DESCRIPTION = (
    """Try what Trainferry and its backends need on this machine, and say what is missing and how to mend it."""
)
EXAMPLES = [("ferry doctor", "every installed backend"), ("ferry doctor local", "one of them")]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("names", nargs="*", metavar="BACKEND", help="which backends (all that are installed)")
    settings_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 if something is missing that a backend can't do without."""
    output = Output(arguments)
    healthy = True
    report = []
    with ferry_of(arguments, output) as ferry:
        runs = len(ferry.store.list())
        facts = {
            "trainferry": __version__,
            "python": f"{platform.python_version()} ({sys.executable})",
            "state": f"{ferry.site.home} ({runs} runs)",
            "cache": str(ferry.site.cache),
            "project": str(ferry.site.project or "none"),
        }
        output.answer("\n".join(f"{key + ':':<12}{value}" for key, value in facts.items()))
        for name in arguments.names or sorted({entry.name for entry in entries(BACKENDS)}):
            try:
                found = ferry.backend(name).diagnose()
            except FerryError as error:
                output.say(f"warning: {error}")
                report.append({"backend": name, "usable": False, "error": error.message})
                healthy = False
                continue
            usable = not any(finding.severity is Severity.ERROR for finding in found)
            healthy = healthy and usable
            output.answer(f"{name + ':':<12}{'ready' if usable else 'not usable'}")
            output.findings(found)
            report.append(
                {"backend": name, "usable": usable, "findings": [one.model_dump(mode="json") for one in found]}
            )
    output.document({**facts, "backends": report})
    return 0 if healthy else 1
