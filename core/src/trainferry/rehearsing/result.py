"""What a rehearsal hands back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trainferry.specs.finding import Finding
from trainferry.specs.rehearsal import Rehearsal


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A rehearsal, or why there was none, with what was found."""

    rehearsal: Rehearsal | None
    findings: tuple[Finding, ...]
    summary: str
    """In a few words: how it ended, or why it didn't start."""
    silenced: tuple[Finding, ...] = ()

    def without(self, silenced: Sequence[Finding]) -> "Rehearsed":
        """The same with some findings set aside."""
        kept = tuple(finding for finding in self.findings if finding not in silenced)
        return replace(self, findings=kept, silenced=tuple(silenced))
