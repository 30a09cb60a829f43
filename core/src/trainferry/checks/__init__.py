"""The checks that cost nothing: what can be found wrong with a job by looking at its files, offline, in under a second.

One module for each subject: `spec`, `source`, `data`, `script` (with `parsers` and `command_line`). They know no
backend; a backend adds its own through the hook `check`. `rules` says of each finding why it matters and what to do.
"""

from typing import TYPE_CHECKING

from trainferry.checks import data, script, source, spec
from trainferry.snapshot import list_snapshot

if TYPE_CHECKING:
    from trainferry.site import Site
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job
    from trainferry.specs.rehearsal import RehearsalRules

__all__ = ["run_checks"]


def run_checks(job: "Job", site: "Site", target: "RehearsalRules | None" = None) -> "list[Finding]":  # noqa: ARG001
    """Everything that the core finds wrong with a job, in the order of the subjects. Changes and starts nothing.

    `target` is what the backend says of its nodes; without it, no limits of a target are held against the job.
    """
    datasets = [path for name in job.datasets if (path := job.dataset_path(name)) is not None]
    snapshot = list_snapshot(job.source_folder, without=datasets)
    return [*spec.check(job), *source.check(job, snapshot), *data.check(job), *script.check(job)]
