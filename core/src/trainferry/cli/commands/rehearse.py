"""ferry rehearse: the script on a sample, here."""

import argparse

from trainferry.cli.output import Output
from trainferry.cli.parser import job_argument, settings_options
from trainferry.cli.progress import ProgressView
from trainferry.cli.session import ferry_of, load_job
from trainferry.cli.verdict_view import rehearsal_text, show_findings

DESCRIPTION = """Run the real script in the real environment on a sample of the data, here, under the target's rules.

Only the source folder as it would travel is visible; a mounted dataset is read-only; home and temporary folder are
empty; there is no terminal, no screen, and no network if the job or the target has none. The script is not touched:
options such as --epochs are given small values, and Keras' fit is capped from outside. The job's table
rehearse: {arguments, samples_per_class, epochs, steps, network, timeout, environment} changes all of that."""
EXAMPLES = [
    ("ferry rehearse job.yaml", "by the rules of the backend that the settings name"),
    ("ferry rehearse job.yaml --on BACKEND", "by those of another one; 'ferry backends' lists them"),
    ("ferry rehearse job.yaml --log", "with all that the script printed"),
    ("ferry rehearse job.yaml --set rehearse.steps=20", "with more steps in each epoch"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    job_argument(parser)
    parser.add_argument("--log", action="store_true", help="print the end of what the script printed, too")
    settings_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 if the script completed and nothing was found that would make it fail; 1 if not."""
    output = Output(arguments)
    job, folder = load_job(arguments.job)
    with ferry_of(arguments, output, folder) as ferry, ProgressView(output) as view:
        result = ferry.rehearse(job, view)
        backend = ferry.config.backend
    rehearsal = result.rehearsal
    output.document(
        {
            "backend": backend,
            "rehearsal": rehearsal.model_dump(mode="json") if rehearsal else None,
            "findings": [finding.model_dump(mode="json") for finding in result.findings],
            "silenced": len(result.silenced),
        }
    )
    if rehearsal is not None and arguments.log:
        output.answer(rehearsal.log.rstrip())
    show_findings(result.findings, output)
    if rehearsal is not None:
        output.answer(f"{job.name} by the rules of '{backend}': {result.summary}")
        output.answer(rehearsal_text(rehearsal))
    failed = rehearsal is None or any(finding.severity == "error" for finding in result.findings)
    return 1 if failed else 0
