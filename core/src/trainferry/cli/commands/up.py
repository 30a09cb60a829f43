"""ferry up: the once-only set-up at the target, without a run."""

import argparse
from typing import TYPE_CHECKING

from trainferry.cli.asking import agreed
from trainferry.cli.output import Output
from trainferry.cli.parser import job_argument, settings_options
from trainferry.cli.progress import ProgressView
from trainferry.cli.session import ferry_of, load_job
from trainferry.cli.view import plan_data, plan_text
from trainferry.specs.plan import ActionKind

if TYPE_CHECKING:
    from trainferry.specs.plan import Plan

DESCRIPTION = """Make what a job needs at the target: workspace, compute, environment, data. Nothing runs.

What will be made is shown first. Only this command makes what needs your consent, such as a workspace in your
subscription; 'ferry run' makes the rest by itself. 'ferry down' removes it again."""
EXAMPLES = [
    ("ferry up job.yaml", "shows what is missing, asks, and makes it"),
    ("ferry up job.yaml --yes", "doesn't ask: for scripts"),
    ("ferry up job.yaml --on BACKEND", "on another backend; 'ferry backends' lists them"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    job_argument(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="don't ask")
    settings_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 when all is there, 1 if something stands in the way or the answer was no."""
    output = Output(arguments)
    job, folder = load_job(arguments.job)
    with ferry_of(arguments, output, folder) as ferry:
        with ProgressView(output) as view:
            plan = _without_submit(ferry.plan(job, view))
        output.findings(plan.findings)
        if plan.errors:
            output.document({"plan": plan_data(plan), "made": []})
            output.say(f"nothing was made: {len(plan.errors)} to mend")
            return 1
        todo = [action for action in plan.actions if action.kind is not ActionKind.REUSE]
        if not todo:
            output.document({"plan": plan_data(plan), "made": []})
            output.answer("all that the job needs is there")
            return 0
        output.say(plan_text(plan))
        if not arguments.yes and not agreed("make this?", "say --yes to make it without a question"):
            output.document({"plan": plan_data(plan), "made": []})
            output.say("nothing was made")
            return 1
        with ProgressView(output) as view:
            ferry.prepare(plan, view)
        made = list(dict.fromkeys(action.resource for action in todo))
        output.document({"plan": plan_data(plan), "made": made})
        output.answer("\n".join(f"made {resource}" for resource in made))
        output.say(f"next: ferry run {arguments.job}")
    return 0


def _without_submit(plan: "Plan") -> "Plan":
    return plan.model_copy(
        update={"actions": tuple(action for action in plan.actions if action.kind is not ActionKind.SUBMIT)}
    )
