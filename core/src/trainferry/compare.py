"""Runs side by side: what differs in their jobs, their metrics by epoch, time and cost. `compare` is pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from trainferry.errors import FerryError
from trainferry.metrics import SECONDS, Direction, Row, by_epoch, direction_of, names_of, read_metrics
from trainferry.specs.job import Job
from trainferry.specs.run import RunRecord


@dataclass(frozen=True, slots=True)
class Side:
    """One of the things compared: a run, or metrics alone that somebody else published."""

    label: str
    rows: Sequence[Row]
    job: Job | None = None
    """None for a bare file of metrics, of whose job nothing is known."""
    record: RunRecord | None = None

    @classmethod
    def of_file(cls, path: Path) -> "Side":
        """A metrics file in place of a run. Raises FerryError if it can't be read as one."""
        return cls(path.stem, read_metrics(path))


class Difference(NamedTuple):
    """One key in which the jobs differ, with its text on each side; None where a side doesn't have it."""

    key: str
    values: tuple[str | None, ...]


class Extreme(NamedTuple):
    """The best value of a metric, and the counter of the epoch it was first reached in."""

    value: float
    epoch: float


@dataclass(frozen=True, slots=True)
class MetricTable:
    """One metric on every side."""

    name: str
    direction: Direction | None
    """Whether more or less of it is better, as far as its name tells."""
    epochs: tuple[float, ...]
    """The counter of each row, as the scripts logged it; Keras counts from 0."""
    values: tuple[tuple[float | None, ...], ...]
    """A row for each epoch, a value for each side, None where it has none."""
    best: tuple[Extreme | None, ...]
    """None where the direction isn't known, or a side has no finite value."""
    last: tuple[float | None, ...]
    max_difference: float | None
    """Largest distance between two sides in one epoch; None where no epoch is known of two."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that is known of the sides, in the order of `labels`."""

    labels: tuple[str, ...]
    differences: tuple[Difference, ...]
    metrics: tuple[MetricTable, ...]
    seconds_per_epoch: tuple[float | None, ...]
    seconds: tuple[float | None, ...]
    """How long each script ran, once it has ended."""
    cost: tuple[float | None, ...]
    """Estimated cost, each in its `currency`."""
    currency: tuple[str | None, ...]

    def to_data(self) -> dict[str, Any]:
        """Plain data for JSON; what is not a finite number is None, since JSON has no word for it."""
        data: dict[str, Any] = _finite(asdict(self))
        data["differences"] = [{"field": one.key, "values": list(one.values)} for one in self.differences]
        for table, metric in zip(data["metrics"], self.metrics, strict=True):
            table["best"] = [one and one._asdict() for one in metric.best]
        return data


def compare(sides: Sequence[Side]) -> Comparison:
    """Put two or more sides next to each other; FerryError if there are fewer."""
    if len(sides) < 2:  # noqa: PLR2004  (two is what a comparison takes)
        raise FerryError(
            "a comparison takes two runs or more", remedy="'ferry runs' lists them; a CSV file will do too"
        )
    records = [side.record for side in sides]
    names = dict.fromkeys(name for side in sides for name in names_of(side.rows))
    return Comparison(
        labels=tuple(distinct([side.label for side in sides])),
        differences=tuple(_differences(sides)),
        metrics=tuple(_table(name, sides) for name in names),
        seconds_per_epoch=tuple(_seconds_per_epoch(side) for side in sides),
        seconds=tuple(record.seconds if record else None for record in records),
        cost=tuple(record.cost if record else None for record in records),
        currency=tuple(record.currency if record and record.cost is not None else None for record in records),
    )


def distinct(labels: list[str]) -> list[str]:
    """The labels, numbered where the same one comes twice."""
    return [
        f"{label} ({labels[: number + 1].count(label)})" if labels.count(label) > 1 else label
        for number, label in enumerate(labels)
    ]


def _differences(sides: Sequence[Side]) -> list[Difference]:
    flat = [_flat(side) for side in sides]
    known = [values for values, side in zip(flat, sides, strict=True) if side.job is not None]
    keys = dict.fromkeys(key for values in known for key in values)
    return [
        Difference(key, tuple(values.get(key) for values in flat))
        for key in keys
        if len({values.get(key) for values in known}) > 1
    ]


def _flat(side: Side) -> dict[str, str]:
    flat: dict[str, str] = {}
    if side.job is not None:
        _flatten(side.job.to_data(), "", flat)
    if side.record is not None:
        flat["backend"] = side.record.backend
        if side.record.snapshot:
            flat["source (fingerprint)"] = side.record.snapshot[:12]
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


def _table(name: str, sides: Sequence[Side]) -> MetricTable:
    columns = [by_epoch(side.rows, name) for side in sides]
    epochs = sorted({epoch for column in columns for epoch in column})
    direction = direction_of(name)
    values = tuple(tuple(column.get(epoch) for column in columns) for epoch in epochs)
    return MetricTable(
        name=name,
        direction=direction,
        epochs=tuple(epochs),
        values=values,
        best=tuple(_best(column, direction) for column in columns),
        last=tuple(column[max(column)] if column else None for column in columns),
        max_difference=_max_difference(values),
    )


def _best(column: Mapping[float, float], direction: Direction | None) -> Extreme | None:
    finite = {epoch: value for epoch, value in column.items() if math.isfinite(value)}
    if direction is None or not finite:
        return None
    sign = 1 if direction == "lower" else -1
    epoch = min(finite, key=lambda one: (sign * finite[one], one))
    return Extreme(finite[epoch], epoch)


def _max_difference(values: Sequence[Sequence[float | None]]) -> float | None:
    spans = []
    for row in values:
        finite = [value for value in row if value is not None and math.isfinite(value)]
        if len(finite) > 1:
            spans.append(max(finite) - min(finite))
    return max(spans, default=None)


def _seconds_per_epoch(side: Side) -> float | None:
    """The mean of the column that the script logged, else the run's whole time by its epochs, set-up included."""
    for name in SECONDS:
        logged = [row[name] for row in side.rows if name in row]
        if logged:
            return sum(logged) / len(logged)
    whole = side.record.seconds if side.record else None
    return None if whole is None or not side.rows else whole / len(side.rows)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
