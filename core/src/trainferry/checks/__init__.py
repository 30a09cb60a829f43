"""The checks that cost nothing: what can be found wrong with a job by looking at its files, offline, in under a second.

One module for each subject: `spec`, `environment` (with `packages`), `source` (with `contents`), `shells`, `data` and
`datafiles` (with `scan` and `pictures`), `script` (with `parsers` and `command_line`), and `code`. They know
no backend; a backend adds its own through the hook `check`. `rules` says of each finding why it matters.
"""

from typing import TYPE_CHECKING

from trainferry.checks import code, data, datafiles, environment, script, shells, source, spec
from trainferry.checks.context import Context
from trainferry.progress import Report, silent
from trainferry.snapshot import list_snapshot

if TYPE_CHECKING:
    from trainferry.site import Site
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job
    from trainferry.specs.rehearsal import RehearsalRules

__all__ = ["run_checks"]


def run_checks(
    job: "Job", site: "Site", target: "RehearsalRules | None" = None, report: Report = silent
) -> "list[Finding]":
    """Everything that the core finds wrong with a job, in the order of the subjects. Changes and starts nothing.

    `target` is what the backend says of its nodes; without it, no limits of a target are held against the job. A source
    folder that was too large to be looked through is not judged any further. `report` hears of a look that takes long.
    """
    datasets = [path for name in job.datasets if (path := job.dataset_path(name)) is not None]
    snapshot = list_snapshot(job.source_folder, without=datasets, report=report)
    context = Context(job, site, snapshot, target)
    if not snapshot.complete:
        return [*spec.check(context), *source.check(job, snapshot, target), *data.check(job)]
    return [
        *spec.check(context),
        *environment.check(context),
        *source.check(job, snapshot, target),
        *shells.check(context),
        *data.check(job),
        *script.check(context),
        *code.check(context),
        *datafiles.check(context),
    ]
