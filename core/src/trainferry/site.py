"""The folders that a session works with; handed to backends so that none of them guesses."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainferry.listings import Listings


@dataclass(frozen=True, slots=True)
class Site:
    """Where things are kept on this machine. Folders are made when first needed, not here."""

    home: Path
    """State of this user: the run store, and below `backends/<name>` what each backend keeps. Losing it loses runs."""
    cache: Path
    """What can be made again: environments, listings. Losing it costs time only."""
    project: Path | None = None
    """Root of the project that the job belongs to, if it has one: the folder with the project file or `.git`."""
    offline: bool = field(default=False)
    """Whether nothing may be asked over the network; a plan is made from `listings` then, and tells their age."""
    interactive: bool = field(default=False)
    """Whether a person can answer a question on the terminal. A backend never prompts when this is False."""

    def backend_home(self, name: str) -> Path:
        """Folder in which the backend `name` keeps its own state."""
        return self.home / "backends" / name

    def listings(self, name: str) -> "Listings":
        """What the backend `name` last read of its target, such as quotas and names that are taken."""
        from trainferry.listings import Listings  # noqa: PLC0415  (only a plan asks)

        return Listings(self.cache / "listings" / name)
