"""Errors that Trainferry raises on purpose: each says what happened, where, and what to do next.

Kept apart from everything else so that any module may raise one without an import loop, and free of heavy imports.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file that a message points at; line and column count from 1, as editors do."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """`file:line:column`, with the parts that are known: the form that terminals and editors make clickable."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class FerryError(Exception):
    """Base of every error that is the user's to mend; the command line prints it without a stack trace.

    `message` says what happened, `where` is the place if there is one, `remedy` says what to do or type next.
    """

    def __init__(self, message: str, *, remedy: str = "", where: Location | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.where = where

    def __str__(self) -> str:
        """The whole error in plain text: place, message, and the remedy on a line of its own."""
        head = f"{self.where}: {self.message}" if self.where else self.message
        return f"{head}\n  {self.remedy}" if self.remedy else head


class JobFileError(FerryError):
    """The job file can't be read as a job. `problems` holds every problem found, the first one is the message."""

    def __init__(self, problems: list[FerryError]) -> None:
        first = problems[0]
        super().__init__(first.message, remedy=first.remedy, where=first.where)
        self.problems = problems

    def __str__(self) -> str:
        """Every problem, in the order of the file."""
        return "\n".join(str(problem) for problem in self.problems)


class ConfigError(FerryError):
    """A setting can't be used; names the file, variable or flag that it came from. `key` is the setting, if known."""

    def __init__(self, message: str, *, remedy: str = "", where: Location | None = None, key: str = "") -> None:
        super().__init__(message, remedy=remedy, where=where)
        self.key = key


class PluginError(FerryError):
    """A plugin can't be found, loaded or trusted; names the distribution and its version."""


class CapabilityMissing(FerryError):
    """The backend doesn't implement what was asked of it; names the backend and the verb."""

    def __init__(self, backend: str, verb: str) -> None:
        super().__init__(
            f"the backend '{backend}' can't do '{verb}'",
            remedy=f"'ferry backends {backend}' shows what it can do",
        )
        self.backend = backend
        self.verb = verb


class CheckFailed(FerryError):
    """The checks or the plan found errors; `findings` holds all that was found, warnings too."""

    def __init__(self, message: str, findings: list[object], *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.findings = findings


class RunNotFound(FerryError):
    """No run, or more than one, goes by the id that was given."""


class BackendError(FerryError):
    """A backend could not do what was asked: the service, the disk or a process said no."""
