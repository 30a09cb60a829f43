"""Laying a job out in a folder that its run can reach: source, copies of datasets, and the arguments with their paths.

For backends that run jobs on this machine or over a shared disk.
"""

import shutil
from pathlib import Path

from trainferry.errors import BackendError
from trainferry.progress import Report, silent
from trainferry.snapshot import Snapshot, copy_snapshot, list_snapshot
from trainferry.specs.finding import Severity
from trainferry.specs.job import Job


def snapshot_of(job: Job) -> Snapshot:
    """What of the job's source folder travels; its datasets reach the script in their own way."""
    local = [job.dataset_path(name) for name in job.datasets]
    return list_snapshot(job.source_folder, without=[path for path in local if path is not None])


def stage(job: Job, folder: Path, snapshot: str, *, later: Path | None = None, report: Report = silent) -> list[str]:
    """Copy the source to `folder`/work and each dataset to `folder`/inputs; returns the arguments of the script.

    `snapshot` is the fingerprint that the plan had; BackendError if the source has changed since, or if a dataset is
    not on this machine. `later` is where the folder will lie when the script runs, if it is to be renamed. A dataset
    that is to be mounted is a copy without write permissions, which keeps the original safe and binds all but root.
    """
    listed = snapshot_of(job)
    for problem in listed.problems:
        if problem.severity is Severity.ERROR:
            raise BackendError(problem.message, remedy=problem.remedy, where=problem.where)
    copy_snapshot(listed, folder / "work", report)
    if Snapshot(folder / "work", listed.files).fingerprint() != snapshot:
        raise BackendError(
            f"the source folder {job.source_folder} has changed since the plan was made; nothing was started",
            remedy="run it again: what was checked and what runs must be the same",
        )
    return job.resolve_arguments({name: str((later or folder) / _place(job, name, folder)) for name in job.datasets})


def _place(job: Job, name: str, folder: Path) -> Path:
    """Copy a dataset; returns its place below the folder."""
    original = job.dataset_path(name)
    if original is None or not original.exists():
        raise BackendError(
            f"the dataset '{name}' is not on this machine", remedy="give it a path to a folder or file that is there"
        )
    inside = Path("inputs", name) if original.is_dir() else Path("inputs", name, original.name)
    home = folder / inside
    home.parent.mkdir(parents=True, exist_ok=True)
    try:
        if original.is_dir():
            shutil.copytree(original, home)
        else:
            shutil.copy(original, home)
    except (shutil.Error, OSError) as error:
        raise BackendError(
            f"can't copy the dataset '{name}': {error}", remedy="make it readable, or make room"
        ) from error
    if job.datasets[name].mode == "mount":
        for path in (home, *home.rglob("*")):
            path.chmod(path.stat().st_mode & ~0o222)
    return inside
