"""The settings of the notifier: the table `[extension_settings.notifier]`."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
FINAL = ("completed", "failed", "canceled", "lost")


class NotifierSettings(BaseModel):
    """Whom to tell, and of what. At least one of command, url and url_variable is given."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    command: tuple[str, ...] = Field(
        default=(),
        description="Program and arguments, one item each; {id}, {name}, {state} and {backend} are filled in.",
    )
    url: str = Field(
        default="", description="Address that gets a POST with a JSON document; https, or on this machine."
    )
    url_variable: str = Field(default="", description="Variable that holds the address, where it is a secret itself.")
    states: tuple[str, ...] = Field(default=FINAL, description="States of a run to tell of.")
    timeout_seconds: float = Field(default=10, gt=0, le=60, description="Longest that telling may take (seconds).")

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        return checked(value) if value else value

    @field_validator("states")
    @classmethod
    def _are_states(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        known = ("queued", "running", *FINAL)
        if unknown := [state for state in value if state not in known]:
            raise ValueError(f"no state of a run: {', '.join(unknown)}; they are {', '.join(known)}")
        return value

    @model_validator(mode="after")
    def _tells_somebody(self) -> Self:
        if not (self.command or self.url or self.url_variable):
            raise ValueError("the notifier has nobody to tell; give command, url or url_variable")
        return self


def checked(url: str) -> str:
    """The address, if a message may be sent there: over https, or to this machine; ValueError otherwise."""
    parts = urlsplit(url)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
        raise ValueError("an address starts with https://, or with http:// and leads to this machine")
    return url
