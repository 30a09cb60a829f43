"""What `compare` and `plot` are given: runs by id, or bare files of metrics."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.compare import Contestant
from trainferry.errors import FerryError
from trainferry.metrics import read_metrics

if TYPE_CHECKING:
    from trainferry.ferry import Ferry

_ENDINGS = (".csv", ".jsonl", ".json")


def contestants_of(ferry: "Ferry", given: Sequence[str]) -> list[Contestant]:
    """Each run or file with its metrics; FerryError if one has none."""
    return [_file(name) if _is_file(name) else _run(ferry, name) for name in given]


def _is_file(name: str) -> bool:
    return name.endswith(_ENDINGS) or "/" in name


def _file(name: str) -> Contestant:
    return Contestant(Path(name).stem, read_metrics(Path(name)))


def _run(ferry: "Ferry", name: str) -> Contestant:
    run = ferry.get(name).refresh()
    record = run.record
    if record.ref is None:
        raise FerryError(f"the run {record.id} was never submitted", remedy="'ferry runs' lists those that were")
    rows = []
    if record.job.metrics:
        with suppress(FerryError):
            rows = run.metrics()
    facts = {"backend": record.backend, "state": str(record.state), "snapshot": record.snapshot}
    return Contestant(record.id, rows, record.job.to_data(), facts, record.seconds, record.cost, record.currency)
