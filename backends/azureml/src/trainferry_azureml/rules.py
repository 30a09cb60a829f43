"""What a script meets on a node of Azure ML, for a rehearsal on this machine to be held to."""

from trainferry.specs.rehearsal import RehearsalRules
from trainferry_azureml.checks.sizes import has_gpu
from trainferry_azureml.submit.limits import MOST_BYTES, MOST_FILES


def rehearsal_rules(size: str | None) -> RehearsalRules:
    """Read-only mounts, limits of the snapshot, no screen; the network is there. What a node has goes by its size."""
    has = has_gpu(size) if size else None
    return RehearsalRules(
        mount_read_only=True,
        snapshot_bytes=MOST_BYTES,
        snapshot_files=MOST_FILES,
        network=True,
        display=False,
        gpus=None if has is None else int(has),
        paid=True,
    )
