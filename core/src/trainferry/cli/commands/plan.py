"""ferry plan: what running a job would do."""

import argparse

from trainferry.cli.output import Output
from trainferry.cli.parser import job_argument, settings_options
from trainferry.cli.progress import ProgressView
from trainferry.cli.session import ferry_of, load_job
from trainferry.cli.view import plan_data, plan_text

DESCRIPTION = """Show what running a job would do, step by step: what is built, reused, uploaded, and what it may cost.

Nothing is changed, here or at the target. What is shown is what 'ferry run' applies."""
EXAMPLES = [
    ("ferry plan job.yaml", "on the backend that the settings name"),
    ("ferry plan job.yaml --on BACKEND", "on another one; 'ferry backends' lists them"),
    ("ferry plan job.yaml --offline", "from what was last read of the target, and how old that is"),
    ("ferry plan job.yaml --json", "for a program"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    job_argument(parser)
    parser.add_argument("--offline", action="store_true", help="ask nobody over the network")
    settings_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 if something was found that stops a submit."""
    output = Output(arguments)
    job, folder = load_job(arguments.job)
    with ferry_of(arguments, output, folder) as ferry, ProgressView(output) as view:
        plan = ferry.plan(job, view)
    output.findings(plan.findings)
    output.silenced(plan.silenced)
    output.document(plan_data(plan))
    if plan.errors:
        output.say(f"the job can't be submitted: {len(plan.errors)} to mend")
        return 1
    output.answer(plan_text(plan))
    return 0
