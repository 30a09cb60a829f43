"""The rehearsal: what a job may say about it, the rules of the target that it is held to, and what it gave."""

from typing import Literal

from pydantic import Field

from trainferry.specs.base import Spec
from trainferry.specs.environment import EnvironmentSpec
from trainferry.specs.text import Duration, Text, Whole


class RehearsalSpec(Spec):
    """How a job is rehearsed on this machine, before it is submitted. Nothing of it holds for the run itself."""

    arguments: tuple[Text, ...] = Field(
        default=(),
        description="Options that the rehearsal gives instead of the job's own of the same name, or besides them.",
        examples=[["--epochs", "1", "--image-size", "64"]],
    )
    samples_per_class: Whole | None = Field(
        default=None,
        ge=1,
        description="Files that are taken of each folder of a dataset; enough for two batches if left out.",
        examples=[8],
    )
    epochs: Whole = Field(default=2, ge=1, description="Most epochs that Keras' fit goes through.", examples=[1])
    steps: Whole = Field(default=4, ge=1, description="Most steps of an epoch in Keras' fit.", examples=[10])
    network: bool | None = Field(
        default=None,
        description="Whether the script reaches the network; as on the target if left out.",
        examples=[False],
    )
    timeout: Duration = Field(
        default=120, description="Longest that the script may take (seconds, or like 5m).", examples=["5m"]
    )
    environment: EnvironmentSpec | None = Field(
        default=None,
        description="What it runs with, where the job's own environment can't be made here, such as current.",
        examples=["current"],
    )


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
        description="Variables that the target or its base image sets; the job's own win.",
        examples=[{"TF_USE_LEGACY_KERAS": "1"}],
    )
    snapshot_bytes: int | None = Field(
        default=None, ge=0, description="Most that the source folder may weigh (bytes).", examples=[300_000_000]
    )
    snapshot_files: int | None = Field(
        default=None, ge=0, description="Most files that the source folder may hold (count).", examples=[2000]
    )
    python: str | None = Field(
        default=None,
        pattern=r"^3\.\d+(\.\d+)?$",
        description="Python of an environment that names none; this machine's if left out.",
        examples=["3.10"],
    )
    platform: str | None = Field(
        default=None,
        description="Platform that packages are for, in uv's words; this machine's if left out.",
        examples=["linux"],
    )
    cores: int | None = Field(default=None, ge=1, description="Processor cores of a node (count).", examples=[4])
    gpus: int | None = Field(default=None, ge=0, description="GPUs of a node (count).", examples=[1])
    memory_bytes: int | None = Field(
        default=None, ge=0, description="Memory of a node (bytes).", examples=[28_000_000_000]
    )
    outputs_bytes: int = Field(
        default=500_000_000,
        ge=0,
        description="Size of outputs/ above which bringing it back is slow or fails (bytes).",
        examples=[500_000_000],
    )
    outputs_files: int = Field(
        default=2000,
        ge=0,
        description="Files in outputs/ above which bringing them back is slow or fails (count).",
        examples=[2000],
    )
    network: bool = Field(default=True, description="Whether the script reaches the internet.", examples=[True])
    display: bool = Field(default=False, description="Whether there is a screen.", examples=[False])
    disk_bytes: int | None = Field(
        default=None, ge=0, description="Disk for data and outputs on one node (bytes).", examples=[188_978_561_024]
    )
    gpu_memory_bytes: int | None = Field(
        default=None, ge=0, description="Memory of one GPU (bytes), where known.", examples=[17_179_869_184]
    )
    paid: bool = Field(default=False, description="Whether a node costs money while it is up.", examples=[True])


class Range(Spec):
    """An estimate: the truth is expected between two figures."""

    low: float = Field(ge=0, description="Least that is expected.", examples=[0.2])
    high: float = Field(ge=0, description="Most that is expected.", examples=[4.0])


class Rehearsal(Spec):
    """What a rehearsal gave."""

    state: Literal["completed", "failed", "timeout"] = Field(
        description="How the script ended; timeout: it had to be ended.", examples=["completed"]
    )
    exit_code: int | None = Field(
        default=None, description="Exit code of the script, negative for a signal.", examples=[0]
    )
    seconds: float = Field(ge=0, description="How long the script ran (seconds).", examples=[11.5])
    arguments: tuple[str, ...] = Field(
        default=(), description="The arguments as the rehearsal gave them.", examples=[["--epochs", "2"]]
    )
    samples: dict[str, str] = Field(
        default_factory=dict,
        description="For each dataset what of it was used.",
        examples=[{"waste_images": "96 of 2527 files"}],
    )
    differences: tuple[str, ...] = Field(
        default=(),
        description="In what this machine differed from the target, as far as it is known.",
        examples=[["Python 3.11 instead of 3.10"]],
    )
    outputs: dict[str, int] = Field(
        default_factory=dict, description="Files that it wrote, with their bytes.", examples=[{"outputs/m.keras": 812}]
    )
    peak_bytes: int | None = Field(
        default=None, ge=0, description="Most memory that one process took (bytes).", examples=[900_000_000]
    )
    step_seconds: float | None = Field(
        default=None, ge=0, description="Time of one step here, without the first (seconds).", examples=[0.12]
    )
    expected_seconds: Range | None = Field(
        default=None,
        description="Expected time of the whole run on the target (seconds).",
        examples=[{"low": 60, "high": 900}],
    )
    expected_cost: Range | None = Field(
        default=None,
        description="Expected cost of the whole run, in the price's currency.",
        examples=[{"low": 0.01, "high": 0.13}],
    )
    log: str = Field(default="", description="The end of what the script printed.", examples=["epoch 1/2"])
