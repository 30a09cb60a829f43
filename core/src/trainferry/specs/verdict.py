"""The verdict of a dry run: everything that was found, and how far each stage looked."""

from enum import StrEnum

from pydantic import Field

from trainferry.specs.base import Spec
from trainferry.specs.finding import Finding, Severity
from trainferry.specs.plan import Plan
from trainferry.specs.rehearsal import Rehearsal


class StageState(StrEnum):
    """How far a stage of a dry run got. Only `done` allows to conclude anything from finding nothing."""

    DONE = "done"
    SKIPPED = "skipped"
    UNCHECKED = "not checked"


class Stage(Spec):
    """One stage of a dry run: check, resolve, plan or rehearse."""

    name: str = Field(description="check, resolve, plan or rehearse.", examples=["resolve"])
    state: StageState = Field(description="done, skipped, or not checked.", examples=["done"])
    seconds: float = Field(default=0.0, ge=0, description="How long it took (seconds).", examples=[0.4])
    detail: str = Field(default="", description="What it looked at, or why it didn't.", examples=["43 packages"])


class Verdict(Spec):
    """Whether a job would run on a backend, as far as this machine can tell without submitting it."""

    job: str = Field(description="Name of the job, or of a file that is none.", examples=["recycling"])
    backend: str = Field(description="Name of the backend.", examples=["local"])
    findings: tuple[Finding, ...] = Field(
        default=(), description="Everything that was found, worst first.", examples=[[]]
    )
    silenced: tuple[Finding, ...] = Field(
        default=(), description="Findings that the job or the settings ignore.", examples=[[]]
    )
    stages: tuple[Stage, ...] = Field(
        default=(), description="The stages in their order.", examples=[[{"name": "check", "state": "done"}]]
    )
    packages: dict[str, str] = Field(
        default_factory=dict, description="Packages that would be installed, by name.", examples=[{"keras": "3.15.1"}]
    )
    plan: Plan | None = Field(
        default=None, description="What a submit would do; None if it isn't known.", examples=[None]
    )
    rehearsal: Rehearsal | None = Field(
        default=None, description="What the rehearsal gave; None if there was none.", examples=[None]
    )

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that say the job would fail."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def ok(self) -> bool:
        """Whether nothing was found that says the job would fail."""
        return not self.errors
