"""What a target is like, so that a rehearsal on this machine can be held to the target's rules."""

from pydantic import Field

from trainferry.specs.base import Spec


class RehearsalRules(Spec):
    """The rules that a script meets on a backend's nodes."""

    mount_read_only: bool = Field(
        default=True, description="Whether a mounted dataset refuses to be written (errno 30).", examples=[True]
    )
    working_folder: str | None = Field(
        default=None, description="Folder that the script starts in, if it is a fixed one.", examples=["/mnt/work"]
    )
    variables: dict[str, str] = Field(
        default_factory=dict,
        description="Variables that the target sets.",
        examples=[{"TF_FORCE_GPU_ALLOW_GROWTH": "true"}],
    )
    snapshot_bytes: int | None = Field(
        default=None, ge=0, description="Most that the source folder may weigh (bytes).", examples=[300_000_000]
    )
    snapshot_files: int | None = Field(
        default=None, ge=0, description="Most files that the source folder may hold (count).", examples=[2000]
    )
    network: bool = Field(default=True, description="Whether the script reaches the internet.", examples=[True])
    display: bool = Field(default=False, description="Whether there is a screen.", examples=[False])
    memory_bytes: int | None = Field(
        default=None, ge=0, description="Memory of one node (bytes), where known.", examples=[30_064_771_072]
    )
    disk_bytes: int | None = Field(
        default=None, ge=0, description="Disk for data and outputs on one node (bytes).", examples=[188_978_561_024]
    )
    gpus: int | None = Field(default=None, ge=0, description="GPUs of one node (count), where known.", examples=[1])
    gpu_memory_bytes: int | None = Field(
        default=None, ge=0, description="Memory of one GPU (bytes), where known.", examples=[17_179_869_184]
    )
    paid: bool = Field(default=False, description="Whether a node costs money while it is up.", examples=[True])
