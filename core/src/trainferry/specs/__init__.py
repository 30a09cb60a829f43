"""The specs: frozen pydantic models of everything that crosses a boundary. They do no I/O."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainferry.specs.compute import ComputeSpec, Distribution
    from trainferry.specs.dataset import DatasetSpec
    from trainferry.specs.environment import EnvironmentSpec
    from trainferry.specs.finding import Confidence, Finding, Severity
    from trainferry.specs.job import Job, Origin
    from trainferry.specs.plan import Action, ActionKind, ActionResult, Plan, Price, Quota
    from trainferry.specs.rehearsal import Range, Rehearsal, RehearsalRules, RehearsalSpec
    from trainferry.specs.run import RunRecord, RunState, RunStatus
    from trainferry.specs.verdict import Stage, StageState, Verdict

_HOMES = {
    "compute": ("ComputeSpec", "Distribution"),
    "dataset": ("DatasetSpec",),
    "environment": ("EnvironmentSpec",),
    "finding": ("Confidence", "Finding", "Severity"),
    "job": ("Job", "Origin"),
    "plan": ("Action", "ActionKind", "ActionResult", "Plan", "Price", "Quota"),
    "rehearsal": ("Range", "Rehearsal", "RehearsalRules", "RehearsalSpec"),
    "run": ("RunRecord", "RunState", "RunStatus"),
    "verdict": ("Stage", "StageState", "Verdict"),
}

__all__ = [
    "Action",
    "ActionKind",
    "ActionResult",
    "ComputeSpec",
    "Confidence",
    "DatasetSpec",
    "Distribution",
    "EnvironmentSpec",
    "Finding",
    "Job",
    "Origin",
    "Plan",
    "Price",
    "Quota",
    "Range",
    "Rehearsal",
    "RehearsalRules",
    "RehearsalSpec",
    "RunRecord",
    "RunState",
    "RunStatus",
    "Severity",
    "Stage",
    "StageState",
    "Verdict",
]


def __getattr__(name: str) -> Any:
    """Import a model's module when the model is first asked for: a command pays only for those it uses."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"trainferry.specs.{module}"), name)
    raise AttributeError(f"module 'trainferry.specs' has no attribute '{name}'")
