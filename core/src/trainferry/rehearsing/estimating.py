"""How long the whole run would take, from what its rehearsal took."""

from collections.abc import Mapping, Sequence
from os import cpu_count
from typing import Any

from trainferry.specs.rehearsal import Range, RehearsalRules

GPU_SPEEDUP = 50.0
"""How many times faster a data-centre GPU is at best than the processor of a laptop, by common experience with
convolutional networks; for small models it is no faster at all, hence a range."""

_SPREAD = 2.0
"""Factor between the cores of two machines that nobody compared."""


def step_time(events: Sequence[Mapping[str, Any]]) -> float | None:
    """The usual time of a step (seconds): that of the longest `fit`; None if Keras' fit was not seen."""
    fits = [event for event in events if event.get("kind") == "fit" and event.get("step")]
    return float(max(fits, key=lambda event: event["seconds"])["step"]) if fits else None


def expected_time(
    events: Sequence[Mapping[str, Any]],
    seconds: float,
    *,
    share: float,
    factors: Mapping[int, float],
    rules: RehearsalRules,
) -> Range | None:
    """Expected time of the whole run on the target (seconds); None if no step was timed.

    `seconds` is what the rehearsal took, `share` the part of the data that it saw, and `factors` by what an option for
    epochs was lowered. Each step takes as long as here, or less by as much as the target may be faster.
    """
    work = fitting = 0.0
    for event in events:
        if event.get("kind") != "fit" or not event.get("step"):
            continue
        fitting += event["seconds"]
        epochs = (event.get("epochs") or 1) * factors.get(event.get("epochs") or 0, 1.0)
        whole = event.get("whole") or (isinstance(event.get("steps"), int) and share == 1)
        steps = event.get("steps") or max(1, (event.get("count") or 1) // max(1, event.get("ran") or 1) + 1)
        work += event["step"] * epochs * (steps if whole else steps / share)
    if not work:
        return None
    rest = max(0.0, seconds - fitting)
    cores = (cpu_count() or 1) / rules.cores if rules.cores else 1.0
    fastest = GPU_SPEEDUP if rules.gpus else _SPREAD
    slowest = 1.0 if rules.gpus else _SPREAD
    return Range(
        low=round(rest / 2 + work * min(1.0, cores) / fastest, 1),
        high=round(rest * 2 + work * max(1.0, cores) * slowest, 1),
    )
