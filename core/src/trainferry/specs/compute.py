"""The compute spec: what a job runs on, and how its processes share the work."""

from typing import Literal

from pydantic import Field, model_validator

from trainferry.specs.base import Spec
from trainferry.specs.text import Whole


class ComputeSpec(Spec):
    """What the job runs on. The local backend takes this machine and reads none of it."""

    name: str | None = Field(
        default=None,
        min_length=1,
        description="Name of the cluster; created if it is not there.",
        examples=["gpu-cluster"],
    )
    size: str | None = Field(
        default=None,
        min_length=1,
        description="VM size, in the target's own spelling.",
        examples=["Standard_NC4as_T4_v3"],
    )
    min_nodes: Whole = Field(default=0, ge=0, description="Nodes kept running when idle (count).", examples=[0])
    max_nodes: Whole = Field(
        default=1, ge=1, description="Most nodes that the cluster grows to (count).", examples=[10]
    )
    idle_seconds: Whole = Field(
        default=1200,
        ge=0,
        description="How long a node stays up without work before it is given back (seconds).",
        examples=[1200],
    )
    priority: Literal["dedicated", "low"] = Field(
        default="dedicated", description="low: cheaper nodes that the cloud may take away.", examples=["low"]
    )
    region: str | None = Field(
        default=None, min_length=1, description="Cloud region; the workspace's if left out.", examples=["eastus"]
    )

    @model_validator(mode="after")
    def _bounds(self) -> "ComputeSpec":
        if self.min_nodes > self.max_nodes:
            raise ValueError(f"min_nodes ({self.min_nodes}) is more than max_nodes ({self.max_nodes})")
        return self


class Distribution(Spec):
    """How a job is spread over processes: each gets the variables that its framework reads to find the others."""

    kind: Literal["tensorflow", "mpi", "pytorch"] = Field(
        description="tensorflow: TF_CONFIG; mpi: an MPI launcher's variables; pytorch: RANK, WORLD_SIZE, MASTER_ADDR.",
        examples=["tensorflow"],
    )
    nodes: Whole = Field(default=1, ge=1, description="Nodes the job takes (count).", examples=[2])
    processes_per_node: Whole = Field(
        default=1, ge=1, description="Processes on each node (count); one per GPU is usual.", examples=[1]
    )

    @property
    def processes(self) -> int:
        """All processes of the job (count)."""
        return self.nodes * self.processes_per_node
