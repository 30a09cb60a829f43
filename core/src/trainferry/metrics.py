"""Reading what a script logs of its training: CSV, as Keras' CSVLogger writes it, or JSON lines."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from trainferry.errors import FerryError, Location

LARGEST = 64_000_000
"""Most bytes of a metrics file that are read: a million rows of a usual history have about as many."""

STEPS = ("epoch", "step", "global_step", "iteration")
"""Columns that count instead of measuring; the first one that a file has orders its rows."""

SECONDS = ("epoch_seconds", "seconds_per_epoch", "epoch_time", "epoch_duration", "seconds", "duration", "time")
"""Columns that hold how long an epoch took (seconds)."""

_MISSING = frozenset({"", "NA", "None", "null"})
_LOWER = re.compile(r"loss|error|err|mae|mse|rmse|mape|perplexity|crossentropy|divergence|wer|cer")
_HIGHER = re.compile(r"acc|accuracy|precision|recall|auc|f1|iou|dice|bleu|map|r2|psnr|ssim|score")

Row = Mapping[str, float]
Direction = Literal["higher", "lower"]


def read_metrics(path: Path, *, going: bool = False) -> list[dict[str, float]]:
    """The rows of a metrics file, each a mapping of column to number; cells that hold none are left out.

    A last line that is cut short is left out; while the run is `going`, so is one that has no line end yet, since its
    last number may be half written. Raises FerryError naming file and line of what is no number or no row, and for a
    file that is missing, not UTF-8, or larger than 64 MB.
    """
    text = _read(path)
    end = text.rfind("\n") + 1
    if going:
        text, end = text[:end], end if text[end:] == "" else -1
    if text.lstrip().startswith("{"):
        return list(_json_rows(path, text, cut=end != len(text)))
    if text.lstrip().startswith("["):
        raise FerryError(
            "a metrics file in JSON has one object on each line, not one list",
            where=Location(str(path), 1),
            remedy='write lines like {"epoch": 0, "loss": 1.25}',
        )
    return list(_csv_rows(path, text, cut=end != len(text)))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise FerryError(f"can't read the metrics file: {error.strerror}", where=Location(str(path))) from error
    if len(data) > LARGEST:
        remedy = "log once per epoch, or less often"
        message = f"the metrics file is larger than {LARGEST // 1_000_000} MB"
        raise FerryError(message, where=Location(str(path)), remedy=remedy)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = Location(str(path), data[: error.start].count(b"\n") + 1)
        remedy = "a metrics file is CSV with a header, or JSON lines"
        raise FerryError("the metrics file is not UTF-8 text", where=where, remedy=remedy) from error


def _csv_rows(path: Path, text: str, *, cut: bool) -> Iterator[dict[str, float]]:
    if not text.strip():
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    lines = [(reader.line_num, [cell.strip() for cell in line]) for line in _lines(path, reader) if line]
    header = lines[0][1]
    if cut and len(lines) == 1:
        return
    _check_header(path, header)
    for number, (line, cells) in enumerate(lines[1:], 2):
        if cells == header:
            continue  # a logger that was started again on the same file
        try:
            yield _csv_row(cells, header)
        except ValueError as error:
            if cut and number == len(lines):
                return
            raise FerryError(
                f"not a row of metrics: {error}",
                where=Location(str(path), line),
                remedy="each cell holds a number or NA",
            ) from error


def _delimiter(text: str) -> str:
    header = text.lstrip().partition("\n")[0]
    return next((mark for mark in ",;\t" if mark in header), ",")


def _lines(path: Path, reader: Any) -> Iterable[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise FerryError(f"not CSV: {error}", where=Location(str(path), reader.line_num)) from error


def _check_header(path: Path, header: list[str]) -> None:
    bad = [name for name in header if not name or _number(name) is not None or header.count(name) > 1]
    if bad:
        what = "is there twice" if bad[0] and header.count(bad[0]) > 1 else "is no name of a column"
        raise FerryError(
            f"the first line must name the columns, but '{bad[0]}' {what}",
            where=Location(str(path), 1),
            remedy="start the file with a line such as epoch,loss,val_loss",
        )


def _csv_row(cells: list[str], header: list[str]) -> dict[str, float]:
    if len(cells) != len(header):
        raise ValueError(f"{len(cells)} cells under {len(header)} columns")
    row = {}
    for name, cell in zip(header, cells, strict=True):
        if cell in _MISSING:
            continue
        number = _number(cell)
        if number is None:
            raise ValueError(f"'{cell[:40]}' under {name} is no number")
        row[name] = number
    return row


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _json_rows(path: Path, text: str, *, cut: bool) -> Iterator[dict[str, float]]:
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    for number, line in lines:
        try:
            yield _json_row(line)
        except (ValueError, RecursionError) as error:
            if cut and number == lines[-1][0]:
                return
            raise FerryError(
                f"not a row of metrics: {error}",
                where=Location(str(path), number),
                remedy='each line holds an object such as {"epoch": 0, "loss": 1.25}',
            ) from error


def _json_row(line: str) -> dict[str, float]:
    data = json.loads(line)
    if not isinstance(data, dict):
        raise ValueError("it is no object")
    return {name: float(value) for name, value in data.items() if _is_number(value)}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def names_of(rows: Iterable[Row]) -> list[str]:
    """The metrics that rows hold, in the order they first come; counters and times are none."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [name for name in names if name not in STEPS and name not in SECONDS]


def by_epoch(rows: Iterable[Row], name: str) -> dict[float, float]:
    """One metric by epoch, counted from 0 (or by whatever counter the rows have, or by their order)."""
    result = {}
    for number, row in enumerate(rows):
        step = next((row[key] for key in STEPS if key in row), float(number))
        if name in row:
            result[step] = row[name]
    return result


def family_of(name: str) -> str:
    """What a metric measures, the same for training and validation: `acc` for `acc` and `val_acc`."""
    return name.removeprefix("val_")


def is_validation(name: str) -> bool:
    """Whether a metric was measured on the validation data, by Keras' way of naming."""
    return name.startswith("val_")


def direction_of(name: str) -> Direction | None:
    """Whether more or less of a metric is better, as far as its name tells."""
    words = re.split(r"[^a-z0-9]+", name.lower())
    for word in reversed(words):
        if _LOWER.fullmatch(word) or word.endswith(("loss", "error")):
            return "lower"
        if _HIGHER.fullmatch(word) or word.endswith("accuracy"):
            return "higher"
    return None
