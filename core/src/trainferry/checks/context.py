"""What the checks of one job share: the job, what travels of it, its program, its packages, and the target."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.checks.packages import Packages
from trainferry.snapshot import Snapshot
from trainferry.specs.job import Job

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trainferry.checks.code.program import Module, Program
    from trainferry.checks.code.values import Values
    from trainferry.site import Site
    from trainferry.specs.rehearsal import RehearsalRules


@dataclass
class Context:
    """One job under inspection. What takes work is made when it is first asked for."""

    job: Job
    site: "Site"
    snapshot: Snapshot
    target: "RehearsalRules | None" = None

    @cached_property
    def travelling(self) -> frozenset[str]:
        """Paths of all that travels, relative to the source folder."""
        return frozenset(file.path for file in self.snapshot.files)

    @cached_property
    def folders(self) -> frozenset[str]:
        """Folders that come to be by what travels."""
        found: set[str] = set()
        for path in self.travelling:
            while path := path.rpartition("/")[0]:
                found.add(path)
        return frozenset(found)

    @cached_property
    def packages(self) -> Packages:
        """The packages of the job's environment."""
        return Packages(self.job.environment)

    @cached_property
    def program(self) -> "Program | None":
        """The script and what it imports from the source folder; None if it is not there or no Python."""
        from trainferry.checks.code.program import read_program  # noqa: PLC0415  (a job without source needs none)

        return read_program(self.snapshot, self.job.script)

    @cached_property
    def variables(self) -> "Mapping[str, str]":
        """Environment variables that the target and the job set."""
        return {**(self.target.variables if self.target else {}), **self.job.environment.variables}

    @cached_property
    def _options(self) -> "Mapping[str, object]":
        from trainferry.checks.code.options import read_options  # noqa: PLC0415

        return read_options(self.program, self.job) if self.program and self.program.modules else {}

    def values(self, module: "Module") -> "Values":
        """A reader of the values of a module's expressions."""
        from trainferry.checks.code.values import Values  # noqa: PLC0415

        return Values(module, self._options, self.variables)

    def option(self, *names: str) -> object:
        """The value of the first of these options that the script or the job knows; None if there is none."""
        given = list(self.job.arguments)
        for name in names:
            if name in self._options:
                return self._options[name]
            for number, item in enumerate(given[:-1]):
                if item.lstrip("-").replace("-", "_") == name:
                    return given[number + 1]
        return None

    @property
    def has_no_network(self) -> bool:
        """Whether the script is surely without a way to the internet."""
        own = self.job.rehearse.network
        return own is False or (own is None and self.target is not None and not self.target.network)

    def beyond(self) -> list[Path]:
        """Folders around the source where something may lie that doesn't travel, the nearest first."""
        places = [self.job.source_folder.parent, self.job.folder, Path.cwd()]
        if self.site.project:
            places.append(self.site.project)
        root = self.job.source_folder.resolve()
        return [place for place in dict.fromkeys(place.resolve() for place in places) if place != root]
