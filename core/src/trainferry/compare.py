"""Runs side by side: what differs in their jobs, their metrics by epoch, time and cost. Pure: nothing is read here."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from trainferry.errors import FerryError
from trainferry.metrics import SECONDS, Direction, Row, by_epoch, direction_of, names_of


@dataclass(frozen=True, slots=True)
class Contestant:
    """One of the things compared: a run, or metrics alone that somebody else published."""

    label: str
    rows: Sequence[Row]
    job: Mapping[str, Any] | None = None
    """Data of the job as `Job.to_data` gives it; None for a bare file of metrics, of whose job nothing is known."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """More to compare by: the backend, the fingerprint of the source."""
    seconds: float | None = None
    """How long the script ran, once it has ended."""
    cost: float | None = None
    """Estimated cost, in `currency`."""
    currency: str = "USD"


class Difference(NamedTuple):
    """One key in which the jobs differ, with its text for each contestant; None where one doesn't have it."""

    key: str
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """One metric of every contestant."""

    metric: str
    direction: Direction | None
    """Whether more or less of it is better, as far as its name tells."""
    epochs: tuple[float, ...]
    """The counter of each row, as the scripts logged it; Keras counts from 0."""
    by_epoch: tuple[tuple[float | None, ...], ...]
    """A row for each epoch, a value for each contestant, None where it has none."""
    best: tuple[float | None, ...]
    """None where the direction isn't known, or there is no finite value."""
    best_epoch: tuple[int | None, ...]
    """The row of `by_epoch` that holds the best value, counted from 1."""
    last: tuple[float | None, ...]
    largest_difference: float | None
    """Largest distance between two contestants in one epoch; None where no epoch is known of two."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that is known of the contestants, in the order of `labels`."""

    labels: tuple[str, ...]
    differences: tuple[Difference, ...]
    metrics: tuple[MetricSummary, ...]
    epochs: tuple[int, ...]
    """How many epochs each has logged (count)."""
    seconds_per_epoch: tuple[float | None, ...]
    seconds: tuple[float | None, ...]
    costs: tuple[float | None, ...]
    """Estimated cost, each in its currency of `currencies`."""
    currencies: tuple[str, ...]

    def to_data(self) -> dict[str, Any]:
        """Plain data for JSON; what is not a finite number is None, since JSON has no word for it."""
        return {name: _finite(value) for name, value in asdict(self).items()}


def compare(contestants: Sequence[Contestant]) -> Comparison:
    """Put two or more contestants next to each other; FerryError if there are fewer."""
    if len(contestants) < 2:  # noqa: PLR2004  (two is what a comparison takes)
        raise FerryError(
            "a comparison takes two runs or more", remedy="'ferry runs' lists them; a CSV file will do too"
        )
    names = dict.fromkeys(name for one in contestants for name in names_of(one.rows))
    return Comparison(
        labels=tuple(distinct([one.label for one in contestants])),
        differences=tuple(_differences(contestants)),
        metrics=tuple(_summary(name, contestants) for name in names),
        epochs=tuple(len(one.rows) for one in contestants),
        seconds_per_epoch=tuple(_seconds_per_epoch(one) for one in contestants),
        seconds=tuple(one.seconds for one in contestants),
        costs=tuple(one.cost for one in contestants),
        currencies=tuple(one.currency for one in contestants),
    )


def distinct(labels: list[str]) -> list[str]:
    """The labels, numbered where the same one comes twice."""
    return [
        f"{label} ({labels[: number + 1].count(label)})" if labels.count(label) > 1 else label
        for number, label in enumerate(labels)
    ]


def _differences(contestants: Sequence[Contestant]) -> list[Difference]:
    flat = [_flat(one) for one in contestants]
    known = [values for values, one in zip(flat, contestants, strict=True) if one.job is not None]
    keys = dict.fromkeys(key for values in known for key in values)
    return [
        Difference(key, tuple(values.get(key) for values in flat))
        for key in keys
        if len({values.get(key) for values in known}) > 1
    ]


def _flat(one: Contestant) -> dict[str, str]:
    if one.job is None:
        return {}
    flat: dict[str, str] = {}
    _flatten({**one.job, **{key: value for key, value in one.facts.items() if value is not None}}, "", flat)
    return flat


def _flatten(value: Any, key: str, flat: dict[str, str]) -> None:
    """Write a job's data as one text for each key path, such as `compute.max_nodes` or `arguments --epochs`."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _flatten(inner, f"{key}.{name}" if key else str(name), flat)
    elif isinstance(value, list) and key == "arguments":
        flat.update(_options(value))
    elif isinstance(value, list):
        for item in value:
            flat[f"{key} {_package(str(item))}"] = str(item)
    else:
        flat[key] = str(value)


def _options(arguments: list[str]) -> dict[str, str]:
    """Arguments by option, so that one more argument doesn't make all those after it differ."""
    result: dict[str, str] = {}
    option, place = "", 0
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if argument.startswith("-") and not _is_number(argument):
            option = name
            result[f"arguments {option}"] = value if equals else ""
        elif option:
            key = f"arguments {option}"
            result[key] = f"{result[key]} {argument}".strip()
        else:
            place += 1
            result[f"arguments {place}"] = argument
    return result


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _package(requirement: str) -> str:
    """The name that a requirement begins with, by which two versions of it are the same item."""
    end = next((number for number, char in enumerate(requirement) if char in "=<>!~[;@ "), len(requirement))
    return requirement[:end]


def _summary(name: str, contestants: Sequence[Contestant]) -> MetricSummary:
    columns = [by_epoch(one.rows, name) for one in contestants]
    epochs = sorted({epoch for column in columns for epoch in column})
    direction = direction_of(name)
    rows = tuple(tuple(column.get(epoch) for column in columns) for epoch in epochs)
    best = [_best_epoch(column, direction) for column in columns]
    return MetricSummary(
        metric=name,
        direction=direction,
        epochs=tuple(epochs),
        by_epoch=rows,
        best=tuple(None if at is None else column[at] for at, column in zip(best, columns, strict=True)),
        best_epoch=tuple(None if at is None else epochs.index(at) + 1 for at in best),
        last=tuple(column[max(column)] if column else None for column in columns),
        largest_difference=_largest_difference(rows),
    )


def _best_epoch(column: Mapping[float, float], direction: Direction | None) -> float | None:
    """The first epoch with the best value."""
    finite = {epoch: value for epoch, value in column.items() if math.isfinite(value)}
    if direction is None or not finite:
        return None
    sign = 1 if direction == "lower" else -1
    return min(finite, key=lambda one: (sign * finite[one], one))


def _largest_difference(values: Sequence[Sequence[float | None]]) -> float | None:
    spans = []
    for row in values:
        finite = [value for value in row if value is not None and math.isfinite(value)]
        if len(finite) > 1:
            spans.append(max(finite) - min(finite))
    return max(spans, default=None)


def _seconds_per_epoch(one: Contestant) -> float | None:
    """The mean of the column that the script logged, else the run's whole time by its epochs, set-up included."""
    for name in SECONDS:
        logged = [row[name] for row in one.rows if name in row]
        if logged:
            return sum(logged) / len(logged)
    return None if one.seconds is None or not one.rows else one.seconds / len(one.rows)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
