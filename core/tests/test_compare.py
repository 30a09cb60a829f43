"""Comparing runs: differences of their jobs, metrics by epoch, best, last, time and cost."""

import json
import math

import pytest

from trainferry import Job
from trainferry.compare import Contestant, Difference, compare
from trainferry.errors import FerryError
from trainferry.metrics import Row

ROWS: list[Row] = [
    {"epoch": 0, "loss": 2.0, "val_acc": 0.5},
    {"epoch": 1, "loss": 1.0, "val_acc": 0.75},
    {"epoch": 2, "loss": 1.5, "val_acc": 0.75},
]


def job(**fields: object) -> dict[str, object]:
    """Data of a job."""
    return Job.model_validate({"name": "a", "script": "train.py", **fields}).to_data()


def test_metrics_stand_side_by_side_by_epoch() -> None:
    other: list[Row] = [{"epoch": 1, "loss": 1.25}, {"epoch": 3, "loss": math.nan}]
    found = compare([Contestant("a", ROWS), Contestant("b", other)])
    loss, accuracy = found.metrics
    assert (loss.metric, loss.direction, loss.epochs) == ("loss", "lower", (0, 1, 2, 3))
    assert loss.by_epoch[:3] == ((2.0, None), (1.0, 1.25), (1.5, None))
    assert (loss.best, loss.best_epoch) == ((1.0, 1.25), (2, 2))
    assert loss.last[0] == 1.5
    assert loss.largest_difference == 0.25
    assert (accuracy.best, accuracy.best_epoch) == ((0.75, None), (2, None)), "the first of two equal ones"
    assert (accuracy.last, accuracy.largest_difference) == ((0.75, None), None)
    assert found.epochs == (3, 2)


def test_data_for_json_holds_no_number_that_json_lacks() -> None:
    rows: list[Row] = [{"loss": math.nan, "lr": math.inf}]
    data = compare([Contestant("a", rows), Contestant("b", rows)]).to_data()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["metrics"][0]["by_epoch"] == [[None, None]]
    assert data["metrics"][0]["best"] == [None, None]


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
    found = compare([Contestant("x", [], first, {"backend": "local"}), Contestant("y", [], second, {"backend": "far"})])
    assert dict(found.differences) == {
        "arguments --epochs": ("10", "20"),
        "arguments --sizes": ("1 -2 in", "1 -3"),
        "arguments 1": (None, "pos"),
        "arguments --seed": (None, "1"),
        "environment.pip a": ("a==1", "a==2"),
        "environment.pip c": (None, "c"),
        "compute.max_nodes": ("2", None),
        "backend": ("local", "far"),
    }


def test_a_bare_file_makes_no_differences_but_stands_in_its_place() -> None:
    file = Contestant("reference", ROWS)
    assert list(compare([Contestant("a", ROWS, job()), file]).differences) == []
    runs = [Contestant("a", [], job(script="x.py")), file, Contestant("c", [], job(script="y.py"))]
    assert compare(runs).differences == (Difference("script", ("x.py", None, "y.py")),)


def test_time_per_epoch_is_what_was_logged_else_the_whole_by_the_epochs() -> None:
    logged: list[Row] = [{"epoch": 0, "seconds": 4.0}, {"epoch": 1, "seconds": 2.0}]
    found = compare([Contestant("a", logged, seconds=60), Contestant("b", ROWS, seconds=60), Contestant("c", ROWS)])
    assert list(found.seconds_per_epoch) == [3.0, 20.0, None]
    assert list(found.seconds) == [60, 60, None]
    assert found.metrics[0].metric == "loss", "a time is no metric"


def test_cost_is_shown_in_the_currency_it_was_estimated_in() -> None:
    found = compare([Contestant("a", ROWS, cost=1.5, currency="EUR"), Contestant("b", ROWS)])
    assert (found.costs, found.currencies) == ((1.5, None), ("EUR", "USD"))


def test_equal_labels_are_told_apart() -> None:
    assert compare([Contestant("h", ROWS), Contestant("h", ROWS)]).labels == ("h (1)", "h (2)")


def test_one_run_alone_is_no_comparison() -> None:
    with pytest.raises(FerryError, match="takes two runs or more"):
        compare([Contestant("a", ROWS)])


def test_equal_runs_have_no_distance() -> None:
    assert [summary.largest_difference for summary in compare([Contestant("a", ROWS)] * 3).metrics] == [0.0, 0.0]
