"""What `compare` and `plot` are given: runs by id, or bare files of metrics."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.compare import Side
from trainferry.errors import FerryError

if TYPE_CHECKING:
    from trainferry.ferry import Ferry

_ENDINGS = (".csv", ".jsonl", ".json")


def sides_of(ferry: "Ferry", given: Sequence[str]) -> list[Side]:
    """Each run or file with its metrics; FerryError for a run that was never submitted or a file that can't be read."""
    return [Side.of_file(Path(name)) if name.endswith(_ENDINGS) or "/" in name else _run(ferry, name) for name in given]


def _run(ferry: "Ferry", name: str) -> Side:
    run = ferry.get(name).refresh()
    record = run.record
    if record.ref is None:
        raise FerryError(f"the run {record.id} was never submitted", remedy="'ferry runs' lists those that were")
    rows = []
    if record.job.metrics:
        with suppress(FerryError):
            rows = run.metrics()
    return Side(record.id, rows, record.job, record)
