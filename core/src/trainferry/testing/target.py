"""The target: which backend the kit tests, and what it is to know of it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KnownFailure = tuple[str, type[BaseException]]
"""Why a test fails, and the exception that it fails with."""


@dataclass(frozen=True, slots=True)
class Target:
    """The backend that the kit tests. All but the name has a default that suits a backend on this machine."""

    name: str
    """Name of the backend, as `ferry backends` lists it."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What its table `[backends.<name>]` of settings would hold."""
    job: Mapping[str, Any] = field(default_factory=dict)
    """Fields that are laid over each job of the kit, such as an environment or a compute that the backend needs.

    Without an environment the jobs take `current`.
    """
    plugin: str = ""
    """`module:attribute` of a plugin that isn't installed, importable from this process's `sys.path`."""
    patience: float = 60.0
    """How long a run may take to come to what a test waits for (seconds); a test that waits longer fails."""
    pace: float = 0.01
    """Shortest pause between two questions to the backend (seconds); raise it where a question costs something."""
    cancel_seconds: float = 30.0
    """Within which time a cancel ends every process of a run (seconds): the time that the backend states."""
    slow_seconds: float = 1.5
    """How long a run goes on that is to be seen running (seconds); at least a few times what a question takes."""
    budget: float | None = None
    """Seconds after which the tests that are left fail; None sets no limit."""
    known_failures: Mapping[str, KnownFailure] = field(default_factory=dict)
    """Tests that are known to fail, by name: the reason and the exception. One that passes after all is a failure."""

    def but(self, **changes: Any) -> "Target":
        """The same target with some fields changed."""
        return dataclasses.replace(self, **changes)
