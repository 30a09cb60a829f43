"""The plan: the ordered actions that a backend would take for a job. What a dry run shows is what submit applies."""

import hashlib
import json
from enum import StrEnum
from typing import Any

from pydantic import Field

from trainferry.specs.base import Spec
from trainferry.specs.finding import Finding, Severity
from trainferry.specs.job import Job


class ActionKind(StrEnum):
    """What an action does to the target."""

    CREATE = "create"
    REUSE = "reuse"
    BUILD = "build"
    UPLOAD = "upload"
    REGISTER = "register"
    SUBMIT = "submit"


class Action(Spec):
    """One step of a plan. Applying it twice does what applying it once does."""

    kind: ActionKind = Field(description="create, reuse, build, upload, register or submit.", examples=["upload"])
    resource: str = Field(
        description="What it acts on: a type, a colon and a name.", examples=["environment:waste-env"]
    )
    summary: str = Field(
        description="The step in plain words.", examples=["build the environment waste-env (2 packages)"]
    )
    bytes: int | None = Field(
        default=None, ge=0, description="Bytes that travel or are written, where known.", examples=[42600000]
    )
    files: int | None = Field(
        default=None, ge=0, description="Files that travel, where known (count).", examples=[2527]
    )
    consent: bool = Field(
        default=False, description="Whether only 'ferry up' applies it, after showing it.", examples=[False]
    )
    payload: dict[str, Any] = Field(
        default_factory=dict, description="What the backend needs to apply it (JSON only).", examples=[{"path": "data"}]
    )

    @property
    def fingerprint(self) -> str:
        """16 hex digits over kind, resource and payload: the same content has the same fingerprint on any day."""
        data = [self.kind, self.resource, self.payload]
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


class ActionResult(Spec):
    """What applying one action gave."""

    ref: str | None = Field(
        default=None, description="The backend's id of the run; only a submit gives one.", examples=["recycling_17"]
    )
    details: dict[str, Any] = Field(
        default_factory=dict, description="Facts worth keeping (JSON only).", examples=[{"seconds": 3.5}]
    )


class Price(Spec):
    """A price of compute: an estimate, with where it comes from."""

    per_hour: float = Field(ge=0, description="Price of one node for one hour.", examples=[0.526])
    currency: str = Field(default="USD", description="Currency, as ISO 4217 has it.", examples=["USD"])
    source: str = Field(description="Where the figure comes from, with its date.", examples=["list price, 2026-11-01"])


class Quota(Spec):
    """How much of a compute family the account may use."""

    family: str = Field(description="The family of sizes that the limit is on.", examples=["NCASv3_T4"])
    used: int = Field(ge=0, description="In use now (cores).", examples=[4])
    limit: int = Field(ge=0, description="Most that may be in use (cores).", examples=[24])
    needed: int = Field(ge=0, description="What the compute would take at most (cores).", examples=[40])


class Plan(Spec):
    """All that a backend would do for a job, in order, with what was found on the way. Making one changes nothing."""

    run_id: str = Field(description="Id of the run that applying the plan makes.", examples=["recycling-4fj2kq"])
    backend: str = Field(description="Name of the backend that made it.", examples=["local"])
    job: Job = Field(
        description="The job with the backend's own part applied.",
        examples=[{"name": "recycling", "script": "train.py"}],
    )
    actions: tuple[Action, ...] = Field(
        default=(),
        description="The steps, in order; the last one submits.",
        examples=[[{"kind": "submit", "resource": "run:recycling-4fj2kq", "summary": "start train.py"}]],
    )
    findings: tuple[Finding, ...] = Field(
        default=(),
        description="Problems and warnings met while planning.",
        examples=[[{"id": "no-timeout", "severity": "note", "message": "the job has no timeout"}]],
    )
    silenced: tuple[Finding, ...] = Field(
        default=(), description="Findings that the job or the settings ignore.", examples=[[]]
    )
    asked: float | None = Field(
        default=None,
        description="When the target was asked what is there (seconds since the epoch); earlier than now offline.",
        examples=[1795464000.0],
    )
    price: Price | None = Field(
        default=None,
        description="Price of one node for one hour, where known.",
        examples=[{"per_hour": 0.526, "source": "list price, 2026-11-01"}],
    )
    snapshot: str | None = Field(
        default=None,
        description="Fingerprint of the source folder as it would travel (64 hex digits).",
        examples=["9f86d081884c7d65"],
    )

    @property
    def fingerprint(self) -> str:
        """16 hex digits over the actions but the run id: two plans of the same job for the same target are equal."""
        return hashlib.sha256("".join(action.fingerprint for action in self.actions).encode()).hexdigest()[:16]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stop a submit."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def bytes(self) -> int:
        """Bytes that would travel or be written, where known."""
        return sum(action.bytes or 0 for action in self.actions)

    @property
    def max_cost(self) -> float | None:
        """Most that the run can cost, in the price's currency: timeout x nodes x price; None if either is unknown."""
        if self.price is None or self.job.timeout is None:
            return None
        return self.price.per_hour * self.job.timeout / 3600 * self.job.nodes
