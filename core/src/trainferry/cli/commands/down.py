"""ferry down: remove what 'ferry up' made."""

import argparse

from trainferry.cli.asking import agreed
from trainferry.cli.output import Output
from trainferry.cli.parser import job_argument, settings_options
from trainferry.cli.session import ferry_of, load_job
from trainferry.errors import CapabilityMissing, FerryError
from trainferry.setting_up import removable

DESCRIPTION = """Remove what a job has at the target: its compute, its registered data. Runs and their files stay.

What may hold more than this job's things, such as the whole workspace, goes only with --all. What will be removed is
shown first."""
EXAMPLES = [
    ("ferry down job.yaml", "shows what is there, asks, and removes it"),
    ("ferry down job.yaml --only compute", "the cluster, and nothing else"),
    ("ferry down job.yaml --all --yes", "the workspace with all its runs and data as well, without a question"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    job_argument(parser)
    parser.add_argument(
        "--only", metavar="KIND", action="append", default=[], help="only resources of this kind; repeatable"
    )
    parser.add_argument("--all", action="store_true", help="also what was made with consent, such as the workspace")
    parser.add_argument("-y", "--yes", action="store_true", help="don't ask")
    settings_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 when nothing of it is left that can be removed, 1 if something refused to go or the answer was no."""
    output = Output(arguments)
    job, folder = load_job(arguments.job)
    with ferry_of(arguments, output, folder) as ferry:
        backend = ferry.backend()
        if "tear_down" not in backend.capabilities:
            raise CapabilityMissing(backend.name, "tear_down")
        resources = removable(ferry.plan(job), arguments.only, everything=arguments.all)
        if not resources:
            output.document({"removed": [], "kept": []})
            output.answer("there is nothing to remove")
            return 0
        output.say("\n".join(["this will be removed:", *(f"  {resource}" for resource in resources)]))
        if not arguments.yes and not agreed("remove this?", "say --yes to remove it without a question"):
            output.document({"removed": [], "kept": [{"resource": one, "reason": "not agreed"} for one in resources]})
            output.say("nothing was removed")
            return 1
        removed, kept, failed = [], [], False
        for resource in resources:
            try:
                backend.tear_down(resource)
            except FerryError as error:
                kept.append({"resource": resource, "reason": error.message})
                failed = failed or not isinstance(error, CapabilityMissing)
                output.say(f"kept {resource}: {error}")
            else:
                removed.append(resource)
                output.answer(f"removed {resource}")
        output.document({"removed": removed, "kept": kept})
    return 1 if failed else 0
