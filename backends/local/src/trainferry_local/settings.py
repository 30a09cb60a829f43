"""The settings of the local backend: the table `[backends.local]`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class LocalSettings(BaseModel):
    """How this machine runs jobs."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    slots: int = Field(default=2, ge=1, le=1024, description="Runs that go at the same time (count); the rest queue.")
    grace_seconds: float = Field(
        default=10, ge=0, description="How long a canceled process may take to end by itself (seconds)."
    )
    pass_variables: tuple[str, ...] = Field(
        default=(), description="Variables of the client that the script gets, besides the usual ones."
    )
    isolation: Literal["auto", "off", "require"] = Field(
        default="auto",
        description="auto: hide the project and mount datasets read-only where the system allows it; require: or fail.",
    )
