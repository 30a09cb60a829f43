"""What of a source folder may travel to Azure, checked before anything is sent."""

from typing import TYPE_CHECKING

from trainferry.snapshot import Snapshot, list_snapshot
from trainferry_azureml.findings import finding

if TYPE_CHECKING:
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job

MOST_BYTES = 300 * 1024 * 1024
MOST_FILES = 2000
"""Azure ML's limits of a snapshot, as azureml-core 1.61 enforces them (azureml/_restclient/constants.py)."""
_SHOWN = 3


def snapshot_of(job: "Job") -> Snapshot:
    """What of the job's source folder travels; local datasets travel in their own way."""
    local = [job.dataset_path(name) for name in job.datasets]
    return list_snapshot(job.source_folder, without=[path for path in local if path is not None])


def limit_findings(snapshot: Snapshot) -> "list[Finding]":
    """Errors for a snapshot that Azure would refuse, naming what is largest in it."""
    found = []
    if snapshot.bytes > MOST_BYTES:
        largest = sorted(snapshot.files, key=lambda file: -file.size)[:_SHOWN]
        names = ", ".join(f"{file.path} ({file.size / 1e6:.0f} MB)" for file in largest)
        text = f"the source folder weighs {snapshot.bytes / 1e6:.0f} MB, and Azure ML takes 300 MiB; largest: {names}"
        remedy = "make data a dataset of the job, or leave files out with .ferryignore"
        found.append(finding("snapshot-too-large", "error", text, remedy))
    if len(snapshot.files) > MOST_FILES:
        folders: dict[str, int] = {}
        for file in snapshot.files:
            top = file.path.partition("/")[0]
            folders[top] = folders.get(top, 0) + 1
        most = max(folders, key=lambda name: folders[name])
        text = f"the source folder holds {len(snapshot.files)} files, and Azure ML takes {MOST_FILES}; most: {most}"
        remedy = f"make {most} a dataset of the job, or leave it out with .ferryignore"
        found.append(finding("snapshot-too-many-files", "error", text, remedy))
    return found
