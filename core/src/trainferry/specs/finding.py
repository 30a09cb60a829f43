"""The finding: one problem or warning that a check or a plan came upon."""

from enum import StrEnum

from pydantic import Field

from trainferry.errors import Location
from trainferry.specs.base import Spec


class Severity(StrEnum):
    """How much a finding matters: an error stops a submit, a warning and a note don't."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Confidence(StrEnum):
    """How sure a finding is: seen for certain, likely from what the code says, or possible and worth a look."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Finding(Spec):
    """One problem or warning: what is wrong, where, and how to mend it."""

    id: str = Field(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="Stable id of the rule.", examples=["script-missing"]
    )
    severity: Severity = Field(description="error, warning or note.", examples=["error"])
    confidence: Confidence = Field(
        default=Confidence.CERTAIN, description="How sure this is: certain, likely or possible.", examples=["likely"]
    )
    message: str = Field(min_length=1, description="What is wrong, in plain words.", examples=["train.py is not there"])
    file: str | None = Field(default=None, description="File the finding is about.", examples=["job.yaml"])
    line: int | None = Field(default=None, ge=1, description="Line, counted from 1.", examples=[4])
    column: int | None = Field(default=None, ge=1, description="Column, counted from 1.", examples=[9])
    remedy: str = Field(default="", description="What to do or type next.", examples=["write script: src/train.py"])

    @property
    def where(self) -> Location | None:
        """The place the finding is about, if it has one."""
        return Location(self.file, self.line, self.column) if self.file else None

    def __str__(self) -> str:
        """One finding in plain text, as the command line prints it without colour."""
        place = f"{self.where}: " if self.where else ""
        tail = f"\n  {self.remedy}" if self.remedy else ""
        return f"{place}{self.severity}: {self.message} [{self.id}]{tail}"
