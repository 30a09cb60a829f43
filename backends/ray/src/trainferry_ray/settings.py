"""The settings of the Ray backend: the table `[backends.ray]`."""

from pydantic import BaseModel, ConfigDict, Field


class RaySettings(BaseModel):
    """Which cluster runs jobs, what of it a job takes, and what this machine and the nodes both see."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    address: str = Field(
        default="",
        pattern=r"^(https?://[^/\s]+/?.*)?$",
        description="Dashboard of a running cluster, such as http://127.0.0.1:8265; empty: a cluster of its own.",
    )
    token_file: str = Field(
        default="", description="File with the cluster's token, if it asks for one; RAY_AUTH_TOKEN goes before it."
    )
    storage: str = Field(
        default="~/.trainferry-ray",
        min_length=1,
        description="Folder on the nodes of a cluster by address for runs, environments and datasets.",
    )
    shared: tuple[str, ...] = Field(
        default=(), description="Folders that this machine and every node see under the same path."
    )
    cpus: float = Field(default=1, ge=0, description="CPUs that a job takes on each of its nodes (count).")
    gpus: float = Field(default=0, ge=0, description="GPUs that a job takes on each of its nodes (count).")
    memory_gb: float = Field(default=0, ge=0, description="Memory that a job takes on each node (GB, 10^9 bytes).")
    resources: dict[str, float] = Field(
        default_factory=dict, description="Custom resources of the cluster that a job takes on each node."
    )
    retries: int = Field(
        default=0, ge=0, le=100, description="Times that a run starts over when it failed or lost a node (count)."
    )
    grace_seconds: float = Field(
        default=10, ge=0, le=3600, description="How long a canceled process may take to end by itself (seconds)."
    )
    nodes: int = Field(
        default=1, ge=1, le=64, description="Nodes of a cluster of its own, all of them on this machine (count)."
    )
    node_cpus: int | None = Field(
        default=None, ge=1, description="CPUs that each of those nodes offers; those of the machine if left out."
    )
    node_memory_mb: int = Field(
        default=200, ge=80, description="Object store of each of those nodes (MB); only runs on several nodes use it."
    )
    idle_seconds: int = Field(
        default=1200, ge=0, description="A cluster of its own stops after so long without a run (seconds); 0: never."
    )
