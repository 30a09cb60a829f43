"""Reading the metrics that a script wrote: CSV with a header, as Keras' CSVLogger has it, or one JSON object a line.

Each step (an epoch, usually) becomes one mapping from metric to number; what is no number is left out.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from trainferry.errors import FerryError, Location

MAX_BYTES = 64_000_000
"""Longest metrics file that is read: a million epochs of six metrics are less."""

Row = Mapping[str, float]


def read_metrics(path: Path) -> list[Row]:
    """The steps of a metrics file, in order. A last line that is still being written is left out.

    Raises FerryError naming file and line for text that is neither CSV with a header nor JSON lines.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise FerryError(
                f"{path} has {size:,} bytes, too many for metrics", remedy="name the file with one line a step"
            )
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise FerryError(f"can't read the metrics file {path}: {error.strerror}", remedy="check the path") from error
    except UnicodeDecodeError as error:
        raise FerryError(
            "not a text file", where=Location(str(path)), remedy="metrics are CSV or JSON lines"
        ) from error
    lines = text.splitlines()
    if lines and not text.endswith(("\n", "\r")) and not _whole(lines[-1], lines[0]):
        lines.pop()
    if not lines:
        return []
    rows = _from_json(path, lines) if lines[0].lstrip().startswith("{") else _from_csv(path, lines)
    return [row for row in rows if row]


def _whole(last: str, first: str) -> bool:
    """Whether a last line without its line end is complete all the same."""
    if first.lstrip().startswith("{"):
        return last.rstrip().endswith("}")
    return last != first and last.count(",") == first.count(",") and not last.endswith(",")


def _from_json(path: Path, lines: list[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
        except json.JSONDecodeError as error:
            where = Location(str(path), number, error.colno)
            raise FerryError(f"not JSON: {error.msg}", where=where, remedy="write one JSON object a line") from error
        if not isinstance(data, dict):
            raise FerryError(
                "not a JSON object", where=Location(str(path), number), remedy='like {"epoch": 0, "loss": 1.5}'
            )
        yield _numbers(data.items())


def _from_csv(path: Path, lines: list[str]) -> Iterator[Row]:
    reader = csv.reader(lines)
    header = [name.strip() for name in next(reader)]
    if len(set(header)) != len(header) or not all(header) or all(_number(name) is not None for name in header):
        raise FerryError(
            "the first line doesn't name the columns",
            where=Location(str(path), 1),
            remedy="start with a header, like epoch,loss,val_loss",
        )
    for row in reader:
        if row and len(row) != len(header):
            raise FerryError(
                f"{len(row)} values where the header has {len(header)} columns",
                where=Location(str(path), reader.line_num),
                remedy="write the same columns in each line",
            )
        yield _numbers(zip(header, row, strict=True)) if row else {}


def _numbers(items: Iterable[tuple[str, object]]) -> dict[str, float]:
    return {name: number for name, value in items if (number := _number(value)) is not None}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def column(rows: Iterable[Row], name: str) -> list[float | None]:
    """One metric by step; None for a step that doesn't have it."""
    return [row.get(name) for row in rows]


def names(rows: Iterable[Row]) -> list[str]:
    """Every metric that any step has, in the order of first appearance, without the step's own number."""
    found: dict[str, None] = {}
    for row in rows:
        found.update(dict.fromkeys(row))
    return [name for name in found if name not in ("epoch", "step")]


def lower_is_better(name: str) -> bool | None:
    """Which direction is better, where a name tells: losses and errors fall, accuracies rise; None otherwise."""
    base = name.lower().removeprefix("val_").removeprefix("train_")
    words = set(base.replace("-", "_").split("_"))
    if words & {"loss", "error", "err", "mse", "mae", "rmse", "mape", "perplexity", "crossentropy", "seconds"}:
        return True
    if words & {"acc", "accuracy", "auc", "precision", "recall", "f1", "iou", "score", "r2", "bleu", "map"}:
        return False
    return None
