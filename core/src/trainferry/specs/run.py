"""The run: one execution of a job on a backend, its states and what a backend says of it."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from trainferry.specs.base import Spec
from trainferry.specs.job import Job


class RunState(StrEnum):
    """Where a run stands. It moves only forwards; the last four are final."""

    PREPARING = "preparing"
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    LOST = "lost"

    @property
    def final(self) -> bool:
        """Whether the run has ended: it will never change its state again."""
        return self in (RunState.COMPLETED, RunState.FAILED, RunState.CANCELED, RunState.LOST)


@dataclass(frozen=True, slots=True)
class RunStatus:
    """What a backend says of one run; times are seconds since the epoch (UTC)."""

    state: RunState
    exit_code: int | None = None
    """Exit code of the script, negative for a signal as subprocess has it; None while it runs or if unknown."""
    reason: str = ""
    """Why the run failed, was canceled or is lost, in plain words."""
    started: float | None = None
    ended: float | None = None


class RunRecord(Spec):
    """One run as the run store keeps it: enough to follow, cancel, fetch and compare it from any shell."""

    id: str = Field(description="Our id of the run.", examples=["recycling-4fj2kq"])
    ref: str | None = Field(
        default=None, description="The backend's own id, known once it is submitted.", examples=["recycling_1732"]
    )
    backend: str = Field(description="Name of the backend.", examples=["local"])
    experiment: str = Field(description="Name that runs are grouped under.", examples=["recycling"])
    job: Job = Field(
        description="The job as it was submitted, with the backend's own part applied.",
        examples=[{"name": "recycling", "script": "train.py"}],
    )
    folder: str = Field(
        description="Folder of the job file; relative paths of the job start there.", examples=["/home/me/p"]
    )
    state: RunState = Field(default=RunState.PREPARING, description="Where the run stands.", examples=["running"])
    exit_code: int | None = Field(default=None, description="Exit code of the script.", examples=[0])
    reason: str = Field(default="", description="Why it failed, was canceled or is lost.", examples=["exit code 1"])
    created: float = Field(description="When it was stored (seconds since the epoch, UTC).", examples=[1795464000.0])
    started: float | None = Field(
        default=None, description="When the script started (seconds since the epoch, UTC).", examples=[1795464003.0]
    )
    ended: float | None = Field(
        default=None, description="When the run ended (seconds since the epoch, UTC).", examples=[1795464300.0]
    )
    snapshot: str | None = Field(
        default=None,
        description="Fingerprint of the source folder as it travelled (64 hex digits).",
        examples=["9f86d081884c7d65"],
    )
    client: str = Field(
        default="", description="Process that submitted it, as host:pid:start.", examples=["laptop:4711:99"]
    )
    price_per_hour: float | None = Field(
        default=None, ge=0, description="Estimated price of one node for one hour, in `currency`.", examples=[0.526]
    )
    currency: str = Field(default="USD", description="Currency of the price.", examples=["USD"])

    @property
    def seconds(self) -> float | None:
        """How long the script ran (seconds), once it has ended."""
        return None if self.started is None or self.ended is None else max(0.0, self.ended - self.started)

    @property
    def cost(self) -> float | None:
        """Estimated cost of the run in `currency`: time x nodes x price; None where no price is known."""
        if self.price_per_hour is None or self.seconds is None:
            return None
        return self.seconds / 3600 * self.price_per_hour * self.job.nodes
