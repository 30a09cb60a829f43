"""Comparing runs: differences of their jobs, metrics by epoch, best, last, time and cost."""

import json
import math
from pathlib import Path

import pytest

from trainferry import Job
from trainferry.compare import Difference, Side, compare
from trainferry.errors import FerryError
from trainferry.metrics import Row
from trainferry.specs import RunRecord

ROWS: list[Row] = [
    {"epoch": 0, "loss": 2.0, "val_acc": 0.5},
    {"epoch": 1, "loss": 1.0, "val_acc": 0.75},
    {"epoch": 2, "loss": 1.5, "val_acc": 0.75},
]


def job(**fields: object) -> Job:
    """A job."""
    return Job.model_validate({"name": "a", "script": "train.py", **fields})


def record(the_job: Job, **fields: object) -> RunRecord:
    """What the store would hold of a run of a minute."""
    data = {"id": "a-1", "backend": "local", "experiment": "a", "folder": ".", "created": 0, "started": 0, "ended": 60}
    return RunRecord.model_validate({**data, "job": the_job, **fields})


def test_metrics_stand_side_by_side_by_epoch() -> None:
    other: list[Row] = [{"epoch": 1, "loss": 1.25}, {"epoch": 3, "loss": math.nan}]
    loss, accuracy = compare([Side("a", ROWS), Side("b", other)]).metrics
    assert (loss.name, loss.direction, loss.epochs) == ("loss", "lower", (0, 1, 2, 3))
    assert list(loss.values[:3]) == [(2.0, None), (1.0, 1.25), (1.5, None)]
    assert list(loss.best) == [(1.0, 1), (1.25, 1)]
    assert (loss.last[0], loss.max_difference) == (1.5, 0.25)
    assert list(accuracy.best) == [(0.75, 1), None], "the first of two equal ones"
    assert (list(accuracy.last), accuracy.max_difference) == ([0.75, None], None)


def test_data_for_json_holds_no_number_that_json_lacks() -> None:
    rows: list[Row] = [{"loss": math.nan, "lr": math.inf, "acc": 0.5}]
    sides = [Side("a", rows, job(script="x.py")), Side("b", rows, job())]
    data = compare(sides).to_data()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["metrics"][0]["values"] == [[None, None]]
    assert data["metrics"][2]["best"] == [{"value": 0.5, "epoch": 0.0}] * 2
    assert data["differences"] == [{"field": "script", "values": ["x.py", "train.py"]}]


def test_what_differs_in_the_jobs_is_named_by_key() -> None:
    first = job(
        arguments=["--epochs", "10", "--rate=0.1", "-v", "--sizes", "1", "-2", "in"],
        environment={"python": "3.11", "pip": ["a==1", "b"]},
        compute={"max_nodes": 2},
    )
    second = job(
        arguments=["pos", "--seed", "1", "--epochs", "20", "--rate", "0.1", "-v", "--sizes", "1", "-3"],
        environment={"python": "3.11", "pip": ["b", "a==2", "c"]},
    )
    sides = [
        Side("x", [], first, record(first, snapshot="0123456789abcdef")),
        Side("y", [], second, record(second, backend="far", snapshot="f123456789abcdef")),
    ]
    assert {key: values for key, values in compare(sides).differences} == {  # noqa: C416  (dict() takes no NamedTuple)
        "arguments --epochs": ("10", "20"),
        "arguments --sizes": ("1 -2 in", "1 -3"),
        "arguments 1": (None, "pos"),
        "arguments --seed": (None, "1"),
        "environment.pip a": ("a==1", "a==2"),
        "environment.pip c": (None, "c"),
        "compute.max_nodes": ("2", None),
        "backend": ("local", "far"),
        "source (fingerprint)": ("0123456789ab", "f123456789ab"),
    }


def test_a_bare_file_makes_no_differences_but_stands_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "reference.csv").write_text("epoch,loss\n0,1.5\n")
    file = Side.of_file(tmp_path / "reference.csv")
    assert (file.label, file.rows) == ("reference", [{"epoch": 0, "loss": 1.5}])
    assert list(compare([Side("a", ROWS, job()), file]).differences) == []
    runs = [Side("a", [], job(script="x.py")), file, Side("c", [], job(script="y.py"))]
    assert compare(runs).differences == (Difference("script", ("x.py", None, "y.py")),)


def test_time_per_epoch_is_what_was_logged_else_the_whole_by_the_epochs() -> None:
    logged: list[Row] = [{"epoch": 0, "seconds": 4.0}, {"epoch": 1, "seconds": 2.0}]
    run = record(job())
    found = compare([Side("a", logged, record=run), Side("b", ROWS, record=run), Side("c", ROWS)])
    assert list(found.seconds_per_epoch) == [3.0, 20.0, None]
    assert list(found.seconds) == [60.0, 60.0, None]
    assert found.metrics[0].name == "loss", "a time is no metric"


def test_cost_is_shown_in_the_currency_it_was_estimated_in() -> None:
    priced, free = record(job(), price_per_hour=90.0, currency="EUR"), record(job())
    found = compare([Side("a", ROWS, record=priced), Side("b", ROWS, record=free), Side("c", ROWS)])
    assert (found.cost, found.currency) == ((1.5, None, None), ("EUR", None, None))


def test_equal_labels_are_told_apart() -> None:
    assert compare([Side("h", ROWS), Side("h", ROWS)]).labels == ("h (1)", "h (2)")


def test_one_run_alone_is_no_comparison() -> None:
    with pytest.raises(FerryError, match="takes two runs or more"):
        compare([Side("a", ROWS)])


def test_equal_runs_have_no_distance() -> None:
    assert [table.max_difference for table in compare([Side("a", ROWS)] * 3).metrics] == [0.0, 0.0]
