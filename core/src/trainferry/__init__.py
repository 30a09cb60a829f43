"""Trainferry: one job file runs a training script unchanged, on the backend that the config names."""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself is a tenth of a light command's time; checkers know the name
if TYPE_CHECKING:
    from typing import Any

    from trainferry.ferry import Ferry, Run
    from trainferry.specs import (
        ComputeSpec,
        DatasetSpec,
        Distribution,
        EnvironmentSpec,
        Finding,
        Job,
        Plan,
        RunState,
        Verdict,
    )

__version__ = "0.1.0"

__all__ = [
    "ComputeSpec",
    "DatasetSpec",
    "Distribution",
    "EnvironmentSpec",
    "Ferry",
    "Finding",
    "Job",
    "Plan",
    "Run",
    "RunState",
    "Verdict",
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Import the public names when they are first asked for, so that `ferry --help` never pays for pydantic."""
    if name in ("Ferry", "Run"):
        from trainferry import ferry  # noqa: PLC0415

        return getattr(ferry, name)
    if name in __all__:
        from trainferry import specs  # noqa: PLC0415

        return getattr(specs, name)
    raise AttributeError(f"module 'trainferry' has no attribute '{name}'")
