"""What a test requires of a backend, and how a backend without it is asked for it all the same."""

import inspect
from pathlib import Path
from typing import Any

import pytest

from trainferry import hookspecs
from trainferry.backend import Backend
from trainferry.progress import silent
from trainferry.specs import ComputeSpec, Job, RehearsalRules

MARK = "trainferry_requires"
NOBODY = "no-such-run"

TOLD = ("settings_model", "configure", "check", "diagnose", "rules", "run_changed")
"""Hooks with an answer for whoever lacks them: no settings, no findings, nothing to explain, nothing heard."""


def hooks() -> dict[str, Any]:
    """Every hook of the interface, in the order of its module."""
    return {name: hook for name, hook in vars(hookspecs).items() if hasattr(hook, f"{hookspecs.PROJECT}_spec")}


OPTIONAL = tuple(name for name in hooks() if name not in (*hookspecs.REQUIRED, *TOLD))
"""Each capability that a backend may lack; asking for it then raises CapabilityMissing."""


def ask(backend: Backend, verb: str) -> object:
    """Ask for a capability, about a run and things that don't exist."""
    anything = {
        "files": [],
        "destination": Path("nowhere"),
        "report": silent,
        "compute": ComputeSpec(),
        "resource": "nothing:nowhere",
        "job": Job(name="kit", script="kit.py"),
        "rules": RehearsalRules(),
        "experiment": None,
    }
    method = getattr(backend, verb)
    return method(**{name: anything.get(name, NOBODY) for name in inspect.signature(method).parameters})


def requires(*verbs: str) -> pytest.MarkDecorator:
    """Mark a test that asks for optional hooks: a backend without one of them skips it, naming what is missing."""
    unknown = set(verbs) - set(OPTIONAL)
    if unknown:
        raise ValueError(f"not an optional hook: {', '.join(sorted(unknown))}; known: {', '.join(OPTIONAL)}")
    mark: pytest.MarkDecorator = getattr(pytest.mark, MARK)(*verbs)
    return mark


def missing(item: pytest.Item, backend: Backend) -> list[str]:
    """What a test requires and the backend doesn't implement; read from the backend itself, never declared."""
    wanted = dict.fromkeys(verb for mark in item.iter_markers(MARK) for verb in mark.args)
    return [verb for verb in wanted if verb not in backend.capabilities]
