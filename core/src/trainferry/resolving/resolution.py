"""What resolving an environment gave."""

from dataclasses import dataclass

from trainferry.specs.finding import Finding


@dataclass(frozen=True, slots=True)
class Package:
    """One package that would be installed."""

    name: str
    """As the index spells it, in lower case with hyphens."""
    version: str
    source_only: bool = False
    """Whether the target would have to build it, because there is no wheel for its Python and platform."""
    bytes: int | None = None
    """Size of what would be downloaded, where the index tells it."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """The packages of an environment, and what was found wrong with it."""

    packages: tuple[Package, ...] = ()
    findings: tuple[Finding, ...] = ()
    checked: bool = True
    """False if nobody could be asked; then no finding means nothing."""
    summary: str = ""
    """In a few words: what was resolved, or why it was not."""

    @property
    def bytes(self) -> int:
        """What an install would download, as far as the index tells."""
        return sum(package.bytes or 0 for package in self.packages)
