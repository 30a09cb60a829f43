"""What a script meets on a node of Azure ML, for a rehearsal on this machine to be held to."""

from collections.abc import Mapping

from trainferry.specs.rehearsal import RehearsalRules
from trainferry_azureml.checks.sizes import has_gpu
from trainferry_azureml.sizes.table import find
from trainferry_azureml.submit.limits import MOST_BYTES, MOST_FILES


def rehearsal_rules(size: str | None, variables: Mapping[str, str] | None = None) -> RehearsalRules:
    """Read-only mounts, limits of the snapshot, no screen; the network is there. What a node has goes by its size.

    `variables` are those that the image of the environment sets.
    """
    known = find(size) if size else None
    has = has_gpu(size) if size else None
    return RehearsalRules(
        platform="linux",
        mount_read_only=True,
        variables=dict(variables or {}),
        snapshot_bytes=MOST_BYTES,
        snapshot_files=MOST_FILES,
        network=True,
        display=False,
        gpus=known.gpus if known else 0 if has is False else None,
        gpu_memory_bytes=known.gpu_memory_gb * 10**9 // known.gpus if known and known.gpus else None,
        cores=known.vcpus if known else None,
        memory_bytes=round(known.memory_gib * 2**30) if known else None,
        disk_bytes=known.disk_gib * 2**30 if known else None,
        paid=True,
    )
