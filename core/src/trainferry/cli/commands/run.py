"""ferry run: check, plan, submit, follow."""

import argparse
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainferry.cli.following import follow
from trainferry.cli.format import size
from trainferry.cli.output import Output
from trainferry.cli.parser import job_argument, settings_options
from trainferry.cli.progress import ProgressView
from trainferry.cli.session import ferry_of, load_job
from trainferry.cli.view import metrics_table, outcome, plan_data, plan_text, run_data
from trainferry.errors import FerryError
from trainferry.specs.run import RunState

if TYPE_CHECKING:
    from trainferry.ferry import Ferry
    from trainferry.run import Run
    from trainferry.specs.job import Job

DESCRIPTION = """Run a job: check it, plan it, submit it, and follow its log until it has ended.

The run is detached from the start: Ctrl-C or a closed terminal ends the following, not the run.
Errors of the check or the plan stop it before anything is submitted."""
EXAMPLES = [
    ("ferry run job.yaml", "run it on the backend that the settings name"),
    ("ferry run job.yaml --on BACKEND", "the same job on another one; 'ferry backends' lists them"),
    ("ferry run job.yaml --detach", "submit, print the run's id, and return"),
    ("ferry run job.yaml --rehearse", "rehearse it here first, and submit only if that goes well"),
    ("ferry run job.yaml --set timeout=10m", "with one value changed for this run"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    job_argument(parser)
    parser.add_argument("--rehearse", action="store_true", help="run the script on a sample, here, before the submit")
    parser.add_argument("-d", "--detach", action="store_true", help="return as soon as the job is submitted")
    parser.add_argument(
        "--fetch-to", metavar="DIR", type=Path, help="copy what the run wrote to this folder at the end"
    )
    settings_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 if the run completed (or was submitted, with --detach), 1 if not."""
    output = Output(arguments)
    job, folder = load_job(arguments.job)
    with ferry_of(arguments, output, folder) as ferry:
        with ProgressView(output) as view:
            plan = ferry.plan(job, view)
        output.findings(plan.findings)
        output.silenced(plan.silenced)
        if plan.errors:
            output.say(f"nothing was submitted: {len(plan.errors)} to mend")
            output.document({"plan": plan_data(plan)})
            return 1
        output.say(plan_text(plan))
        if arguments.rehearse and not _rehearsed(ferry, job, output):
            return 1
        with ProgressView(output) as view:
            handle = ferry.submit(plan, view)
        if arguments.detach:
            return _detached(handle, output)
        output.say(f"run {handle.id} is submitted; its log:")
        stopped = follow(handle, output)
        if stopped is not None:
            return stopped
        _finish(handle, output, arguments.fetch_to)
        return 0 if handle.state is RunState.COMPLETED else 1


def _rehearsed(ferry: "Ferry", job: "Job", output: Output) -> bool:
    """Rehearse; False if that showed an error, or if it could not be done, since it was asked for."""
    with ProgressView(output) as view:
        result = ferry.rehearse(job, view)
    output.findings(result.findings)
    output.silenced(result.silenced)
    output.say(f"rehearsal: {result.summary}")
    well = result.rehearsal is not None and not any(finding.severity == "error" for finding in result.findings)
    if not well:
        output.say("nothing was submitted: the rehearsal did not go well")
        data = result.rehearsal.model_dump(mode="json") if result.rehearsal else None
        findings = [finding.model_dump(mode="json") for finding in result.findings]
        output.document({"rehearsal": data, "findings": findings})
    return well


def _detached(handle: "Run", output: Output) -> int:
    output.answer(handle.id)
    output.say(f"follow it: ferry logs -f {handle.id}")
    output.document({"run": run_data(handle)})
    return 0


def _finish(handle: "Run", output: Output, destination: Path | None) -> None:
    """Say how the run ended, where its files are, how its metrics went, and what to do next."""
    with ProgressView(output) as view:
        if destination is not None:
            handle.fetch(destination, report=view)
        homes = handle.bring_home(view)
    metrics: list[Any] = []
    if handle.record.job.metrics and handle.record.job.metrics in homes:
        with suppress(FerryError):
            metrics = handle.metrics()
    output.document(
        {"run": run_data(handle), "files": {name: str(path) for name, path in homes.items()}, "metrics": metrics}
    )
    output.answer(f"\n{output.paint(outcome(handle, log_shown=True), handle.state)}")
    if homes:
        width = max(map(len, homes)) + 2
        output.answer("files:")
        for name, path in sorted(homes.items()):
            output.answer(f"  {name:<{width}}{size(path.stat().st_size):>10}  {path}")
    if metrics:
        output.answer(metrics_table(metrics))
    if not output.quiet:
        output.answer("next:\n" + "\n".join(f"  {command}" for command in _next(handle, metrics)))


def _next(handle: "Run", metrics: list[Any]) -> list[str]:
    if handle.state is not RunState.COMPLETED:
        return [f"ferry show {handle.id}", f"ferry logs {handle.id} --tail 50", "ferry doctor"]
    drawing = f"ferry plot {handle.id} -o history.png" if metrics else f"ferry logs {handle.id}"
    return [f"ferry show {handle.id}", f"ferry fetch {handle.id} --to results", drawing]
