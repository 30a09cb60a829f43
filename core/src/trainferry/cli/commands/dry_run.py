"""ferry dry-run: whether a job would run there."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.cli.output import Output
from trainferry.cli.parser import job_argument, settings_options
from trainferry.cli.progress import ProgressView
from trainferry.cli.session import ferry_of, load_job
from trainferry.cli.verdict_view import show_verdict, verdict_data
from trainferry.errors import FerryError, JobFileError

if TYPE_CHECKING:
    from trainferry.specs.verdict import Verdict

DESCRIPTION = """Find out here, in seconds, whether a job would run there: check, resolve, plan and rehearse it.

check     the spec, the folders, the script, by the rules of the target; nothing is started
resolve   the packages for the target's Python and platform; nothing is installed
plan      what exists there, what a submit would create and cost; nothing is changed
rehearse  the real script on a sample of the data, on this machine, under the target's rules

A stage that could not look says so: not checked is not fine. Silence a finding with a comment
`# ferry: ignore[ID]` beside what it is about, or with `ignore = ["ID"]` in the settings."""
EXAMPLES = [
    ("ferry dry-run job.yaml --on BACKEND", "the whole verdict on one screen"),
    ("ferry dry-run job.yaml --no-rehearse", "without running the script"),
    ("ferry dry-run job.yaml --offline", "without the network, from what is known already"),
    ("ferry dry-run job.yaml --sarif out.sarif", "for an editor or a code host, too"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    job_argument(parser)
    parser.add_argument("--offline", action="store_true", help="ask nobody over the network")
    parser.add_argument("--no-rehearse", action="store_true", help="don't run the script")
    parser.add_argument("--strict", action="store_true", help="warnings count as errors")
    parser.add_argument("--sarif", metavar="FILE", type=Path, help="write the findings as SARIF 2.1.0, too")
    settings_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 if the job would fail, or with --strict if there is a warning."""
    output = Output(arguments)
    verdict = _verdict(arguments, output)
    if arguments.sarif is not None:
        _write_sarif(verdict, arguments.sarif)
    output.document(verdict_data(verdict))
    show_verdict(verdict, output)
    warned = any(finding.severity == "warning" for finding in verdict.findings)
    return 1 if verdict.errors or (arguments.strict and warned) else 0


def _verdict(arguments: argparse.Namespace, output: Output) -> "Verdict":
    try:
        job, folder = load_job(arguments.job)
    except JobFileError as error:
        from trainferry.dry_run import broken_file  # noqa: PLC0415

        with ferry_of(arguments, output, Path(arguments.job).absolute().parent) as ferry:
            return broken_file(arguments.job, ferry.config.backend, error)
    with ferry_of(arguments, output, folder) as ferry, ProgressView(output) as view:
        return ferry.dry_run(job, rehearse=not arguments.no_rehearse, report=view)


def _write_sarif(verdict: "Verdict", file: Path) -> None:
    from trainferry.masking import mask  # noqa: PLC0415
    from trainferry.sarif import sarif_log  # noqa: PLC0415  (only who asks for it)

    part = file.with_name(f".{file.name}.part")
    try:
        part.write_text(json.dumps(mask(sarif_log(verdict)), indent=2) + "\n", encoding="utf-8")
        part.replace(file)
    except OSError as error:
        raise FerryError(f"can't write {file}: {error.strerror}", remedy="name another file with --sarif") from error
