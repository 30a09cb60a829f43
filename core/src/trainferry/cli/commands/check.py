"""ferry check: what is wrong with a job, without leaving this machine."""

import argparse
from collections import Counter

from trainferry.cli.output import Output
from trainferry.cli.parser import job_argument, settings_options
from trainferry.cli.progress import ProgressView
from trainferry.cli.session import ferry_of, load_job
from trainferry.specs.finding import Severity

DESCRIPTION = """Find what is wrong with a job: its spec, the folder that travels, the script, the data, the arguments.

Costs nothing: no network, nothing is installed or started."""
EXAMPLES = [
    ("ferry check job.yaml", "errors, warnings and notes, worst first"),
    ("ferry check job.yaml --on BACKEND", "by the rules of another backend too"),
    ("ferry check job.yaml --json", "for an editor or a pipeline"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    job_argument(parser)
    parser.add_argument("--strict", action="store_true", help="warnings count as errors")
    settings_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 if there are errors, or with --strict warnings."""
    output = Output(arguments)
    job, folder = load_job(arguments.job)
    with ferry_of(arguments, output, folder) as ferry, ProgressView(output) as view:
        found, silenced = ferry.examine(job, view)
        backend = ferry.config.backend
    output.findings(found)
    output.silenced(silenced)
    counts = Counter(str(finding.severity) for finding in found)
    data = {"backend": backend, "findings": [finding.model_dump(mode="json") for finding in found]}
    output.document({**data, "silenced": len(silenced)})
    kinds = ", ".join(f"{counts[kind]} {kind}{'s' if counts[kind] > 1 else ''}" for kind in Severity if counts[kind])
    output.answer(f"{arguments.job}: {kinds or 'nothing found'} (backend '{backend}')")
    return 1 if counts["error"] or (arguments.strict and counts["warning"]) else 0
