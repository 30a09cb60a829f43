"""Comparing runs: what differs in their jobs, and how their metrics went. Pure functions over what is known already."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trainferry.metrics import Row, column, lower_is_better, names

_TIME_COLUMNS = ("epoch_seconds", "seconds", "epoch_time", "time")
"""Columns in which scripts write how long an epoch took (seconds)."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One side of a comparison: a run, or a bare file of metrics."""

    label: str
    rows: Sequence[Row]
    job: Mapping[str, Any] | None = None
    """The job as plain data; None for a bare file."""
    facts: Mapping[str, Any] | None = None
    """Backend, state, start and so on."""
    seconds: float | None = None
    """How long the whole run took."""
    cost: float | None = None
    """Estimated cost of the run."""
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class Summary:
    """One metric over all contestants; the tuples have one value for each, None where it is missing."""

    metric: str
    best: tuple[float | None, ...]
    best_epoch: tuple[int | None, ...]
    """Epoch (from 1) of the best value; None where the better direction is unknown."""
    last: tuple[float | None, ...]
    by_epoch: tuple[tuple[float | None, ...], ...]
    """One tuple for each epoch, with one value for each contestant."""
    largest_difference: float | None
    """Largest distance between two contestants in any epoch that all have."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that a comparison found."""

    labels: tuple[str, ...]
    differences: tuple[tuple[str, tuple[Any, ...]], ...]
    """Keys of job and run that differ, with one value for each contestant; None where a key is unset."""
    metrics: tuple[Summary, ...]
    epochs: tuple[int, ...]
    """Epochs of each contestant (count)."""
    seconds_per_epoch: tuple[float | None, ...]
    costs: tuple[float | None, ...]
    currencies: tuple[str, ...]


def compare(contestants: Sequence[Contestant]) -> Comparison:
    """Put runs or files side by side; ValueError if there are fewer than two."""
    if len(contestants) < 2:  # noqa: PLR2004  (a comparison has two sides)
        raise ValueError("a comparison takes two or more runs")
    known = dict.fromkeys(name for side in contestants for name in names(side.rows))
    return Comparison(
        labels=tuple(side.label for side in contestants),
        differences=tuple(_differences(contestants)),
        metrics=tuple(_summary(name, contestants) for name in known if name not in _TIME_COLUMNS),
        epochs=tuple(len(side.rows) for side in contestants),
        seconds_per_epoch=tuple(_seconds_per_epoch(side) for side in contestants),
        costs=tuple(side.cost for side in contestants),
        currencies=tuple(side.currency for side in contestants),
    )


def _summary(name: str, contestants: Sequence[Contestant]) -> Summary:
    columns = [column(side.rows, name) for side in contestants]
    longest = max(len(values) for values in columns)
    by_epoch = tuple(tuple(v[n] if n < len(v) else None for v in columns) for n in range(longest))
    whole = [[v for v in values if v is not None] for values in by_epoch]
    spreads = [max(values) - min(values) for values in whole if len(values) == len(contestants)]
    best = [_best(name, values) for values in columns]
    return Summary(
        metric=name,
        best=tuple(value for value, _ in best),
        best_epoch=tuple(epoch for _, epoch in best),
        last=tuple(next((v for v in reversed(values) if v is not None), None) for values in columns),
        by_epoch=by_epoch,
        largest_difference=max(spreads, default=None),
    )


def _best(name: str, values: Sequence[float | None]) -> tuple[float | None, int | None]:
    lower = lower_is_better(name)
    present = [(value, number) for number, value in enumerate(values, 1) if value is not None and value == value]  # noqa: PLR0124  (not NaN)
    if lower is None or not present:
        return None, None
    return min(present) if lower else max(present, key=lambda pair: (pair[0], -pair[1]))


def _seconds_per_epoch(side: Contestant) -> float | None:
    """Mean time of an epoch: from the metrics if they hold it, else the run's whole time over its epochs."""
    for name in _TIME_COLUMNS:
        times = [value for value in column(side.rows, name) if value is not None]
        if times:
            return sum(times) / len(times)
    return side.seconds / len(side.rows) if side.seconds is not None and side.rows else None


def _differences(contestants: Sequence[Contestant]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    sides = [dict(flatten({**(side.facts or {}), **(side.job or {})})) for side in contestants]
    with_job = [side for side, contestant in zip(sides, contestants, strict=True) if contestant.job is not None]
    for key in dict.fromkeys(key for side in sides for key in side):
        if len({repr(side.get(key)) for side in with_job}) > 1:
            yield key, tuple(side.get(key) for side in sides)


def flatten(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and their values; lists stay whole."""
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
