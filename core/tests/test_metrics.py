"""Reading metrics files: what loggers really write, half lines, and rubbish."""

import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainferry.errors import FerryError
from trainferry.metrics import LARGEST, by_epoch, direction_of, names_of, read_metrics

REFERENCE = Path(__file__).parents[2] / "training" / "reference" / "tutorial-history.csv"


def read(content: str | bytes, folder: Path, *, going: bool = False) -> list[dict[str, float]]:
    """Read a metrics file of this content."""
    path = folder / "history.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_metrics(path, going=going)


def test_the_history_of_keras_is_read(tmp_path: Path) -> None:
    rows = read("epoch,acc,loss,val_acc\r\n0,0.5,1.25,NA\r\n1,0.75,nan,0.5\r\n", tmp_path)
    assert rows[0] == {"epoch": 0.0, "acc": 0.5, "loss": 1.25}
    assert math.isnan(rows[1]["loss"])
    assert names_of(rows) == ["acc", "loss", "val_acc"]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", []),
        ("\n\n", []),
        ("epoch,loss\n", []),
        ("\ufeffepoch;loss\n0;1\n", [{"epoch": 0, "loss": 1}]),
        ("epoch\tloss\n0\t1\n", [{"epoch": 0, "loss": 1}]),
        ("epoch, loss\n0, 1e-3\n\n1, -inf\n", [{"epoch": 0, "loss": 1e-3}, {"epoch": 1, "loss": -math.inf}]),
        ("loss\n1\nloss\n2\n", [{"loss": 1}, {"loss": 2}]),
        ("loss\n1\n2", [{"loss": 1}, {"loss": 2}]),
        ('{"epoch": 0, "loss": 1.5, "note": "x", "ok": true, "more": {}}\n\n{"loss": 2}\n', [
            {"epoch": 0, "loss": 1.5},
            {"loss": 2},
        ]),
        ('{"loss": NaN}\n', [{}]),
    ],
)  # fmt: skip
def test_shapes_that_loggers_write(tmp_path: Path, text: str, rows: list[dict[str, float]]) -> None:
    found = read(text, tmp_path)
    assert [{k: v for k, v in row.items() if not math.isnan(v)} for row in found] == rows


@pytest.mark.parametrize(
    ("text", "while_going", "at_the_end"),
    [
        ("epoch,loss\n0,1.5\n1,0.", 1, 2),
        ("epoch,loss\n0,1.5\n1,", 1, 2),
        ("epoch,loss\n0,1.5\n1", 1, 1),
        ("epoch,loss\n0,1.5\n1,-", 1, 1),
        ("epoch,lo", 0, 0),
        ('{"loss": 1}\n{"loss": 2', 1, 1),
        ('{"loss": 1}\n{"loss": 2}', 1, 2),
        ('{"lo', 0, 0),
    ],
)
def test_a_half_written_last_line_is_left_out(tmp_path: Path, text: str, while_going: int, at_the_end: int) -> None:
    assert len(read(text, tmp_path, going=True)) == while_going
    assert len(read(text, tmp_path)) == at_the_end


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "epoch,loss\n0,one\n1,2\n",
            ":2: not a row of metrics: 'one' under loss is no number\n  each cell holds a number",
        ),
        ("epoch,loss\n0,1\n1\n2,3\n", ":3: not a row of metrics: 1 cells under 2 columns"),
        ("epoch,loss\n0,1,2\n", ":2: not a row of metrics: 3 cells under 2 columns"),
        ("0,1.5\n1,2.5\n", ":1: the first line must name the columns, but '0' is no name of a column"),
        ("a,,b\n1,2,3\n", ":1: the first line must name the columns, but '' is no name of a column"),
        ("loss,loss\n1,2\n", "but 'loss' is there twice"),
        ('{"loss": 1}\nloss=2\n{"loss": 3}\n', ":2: not a row of metrics: Expecting value"),
        ('{"loss": 1}\n[2]\n', ":2: not a row of metrics: it is no object"),
        ("{" + '"a": [' * 100_000 + "\n{}\n", ":1: not a row of metrics: "),
        ('[{"loss": 1}]', ":1: a metrics file in JSON has one object on each line"),
        (b"epoch,loss\n0,1\n\xff\xfe\n", ":3: the metrics file is not UTF-8 text"),
        (b"loss\n" + b"1\n" * (LARGEST // 2), "the metrics file is larger than 64 MB\n  log once per epoch"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_rubbish_is_told_with_file_and_line(tmp_path: Path, content: str | bytes, told: str) -> None:
    with pytest.raises(FerryError) as caught:
        read(content, tmp_path)
    assert f"{tmp_path / 'history.csv'}" in str(caught.value)
    assert told in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(FerryError, match=r"none.csv: can't read the metrics file: No such file"):
        read_metrics(tmp_path / "none.csv")


NUMBER = st.floats(allow_nan=False)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(table=st.lists(st.tuples(NUMBER, NUMBER), max_size=8), cut=st.integers(0, 200))
def test_a_file_cut_anywhere_gives_whole_rows_only(table: list[tuple[float, float]], cut: int, tmp_path: Path) -> None:
    """While a run is going, what is read is always the start of what it will be."""
    rows = [{"loss": a, "acc": b} for a, b in table]
    text = "loss,acc\n" + "".join(f"{a!r},{b!r}\n" for a, b in table)
    found = read(text[:cut], tmp_path, going=True)
    assert found == rows[: len(found)]
    assert len(found) == max(0, text[:cut].count("\n") - 1)


def test_metrics_are_ordered_by_their_counter_or_by_their_rows() -> None:
    assert by_epoch([{"epoch": 3, "a": 1.0}, {"epoch": 1, "a": 2.0}, {"epoch": 2}], "a") == {3: 1.0, 1: 2.0}
    assert by_epoch([{"a": 1.0}, {"b": 1.0}, {"a": 3.0}], "a") == {0: 1.0, 2: 3.0}


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("loss", "lower"),
        ("val_loss", "lower"),
        ("acc", "higher"),
        ("val_sparse_categorical_accuracy", "higher"),
        ("mean_squared_error", "lower"),
        ("val_auc", "higher"),
        ("learning_rate", None),
        ("lossless", None),
        ("BinaryAccuracy", "higher"),
    ],
)
def test_names_tell_whether_more_is_better(name: str, direction: str | None) -> None:
    assert direction_of(name) == direction


def test_the_committed_reference_is_a_metrics_file() -> None:
    """The figures are those of the tutorial's cloud run."""
    rows = read_metrics(REFERENCE)
    assert len(rows) == 10
    assert (rows[0]["loss"], rows[-1]["acc"], rows[-1]["val_acc"]) == (13.2158, 0.9930, 0.5458)
