"""What a script meets on a node of Azure ML, for a rehearsal on this machine to be held to."""

from trainferry.specs.rehearsal import RehearsalRules
from trainferry_azureml.submit.limits import MOST_BYTES, MOST_FILES


def rehearsal_rules() -> RehearsalRules:
    """Read-only mounts, limits of the snapshot, no screen; the network is there."""
    return RehearsalRules(
        mount_read_only=True,
        snapshot_bytes=MOST_BYTES,
        snapshot_files=MOST_FILES,
        network=True,
        display=False,
    )
