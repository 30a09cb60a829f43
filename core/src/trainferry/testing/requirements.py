"""What a test requires of a backend, and how a backend without it is asked for it all the same."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trainferry import hookspecs
from trainferry.backend import Backend
from trainferry.progress import silent
from trainferry.specs import ComputeSpec, Job

MARK = "trainferry_requires"
NOBODY = "no-such-run"

OPTIONAL: dict[str, Callable[[Backend], object]] = {
    "cancel": lambda backend: backend.cancel(NOBODY),
    "list_files": lambda backend: backend.list_files(NOBODY),
    "fetch": lambda backend: backend.fetch(NOBODY, [], Path("nowhere"), silent),
    "metrics": lambda backend: backend.metrics(NOBODY),
    "portal_url": lambda backend: backend.portal_url(NOBODY),
    "find_runs": lambda backend: backend.find_runs(run_id=NOBODY),
    "price": lambda backend: backend.price(ComputeSpec()),
    "quota": lambda backend: backend.quota(ComputeSpec()),
    "tear_down": lambda backend: backend.tear_down("nothing:nowhere"),
    "rehearsal_rules": lambda backend: backend.rehearsal_rules(Job(name="kit", script="kit.py")),
}
"""Each capability that a backend may lack, with a call that then raises CapabilityMissing."""


def requires(*verbs: str) -> pytest.MarkDecorator:
    """Mark a test that asks for optional hooks: a backend without one of them skips it, naming what is missing."""
    unknown = set(verbs) - OPTIONAL.keys()
    if unknown:
        raise ValueError(f"not an optional hook: {', '.join(sorted(unknown))}; known: {', '.join(OPTIONAL)}")
    mark: pytest.MarkDecorator = getattr(pytest.mark, MARK)(*verbs)
    return mark


def missing(item: pytest.Item, backend: Backend) -> list[str]:
    """What a test requires and the backend doesn't implement; read from the backend itself, never declared."""
    wanted = dict.fromkeys(verb for mark in item.iter_markers(MARK) for verb in mark.args)
    return [verb for verb in wanted if verb not in backend.capabilities]


def hooks() -> list[str]:
    """Every hook of the interface, in the order of its module."""
    return [name for name, hook in vars(hookspecs).items() if hasattr(hook, f"{hookspecs.PROJECT}_spec")]
