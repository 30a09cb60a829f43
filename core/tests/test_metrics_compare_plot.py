"""Metrics: read from what scripts write, compared, and drawn."""

import json
import math
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainferry.compare import Contestant, compare
from trainferry.errors import FerryError
from trainferry.metrics import lower_is_better, names, read_metrics
from trainferry.plot import draw_text, families, write_png

KERAS = "epoch,acc,loss,val_acc,val_loss\n0,0.31,13.2,0.51,1.35\n1,0.60,1.07,0.56,1.18\n"


def written(text: str, name: str = "history.csv") -> Path:
    """A file with that text in the working folder."""
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_csv_of_keras_is_read_by_epoch() -> None:
    rows = read_metrics(written(KERAS))
    assert rows[1] == {"epoch": 1, "acc": 0.60, "loss": 1.07, "val_acc": 0.56, "val_loss": 1.18}
    assert names(rows) == ["acc", "loss", "val_acc", "val_loss"]


def test_json_lines_are_read_by_step() -> None:
    rows = read_metrics(
        written('{"step": 1, "loss": 2.5, "note": "x", "ok": true}\n\n{"step": 2, "loss": NaN}\n', "m.jsonl")
    )
    assert rows[0] == {"step": 1, "loss": 2.5}
    assert math.isnan(rows[1]["loss"])


@pytest.mark.parametrize("end", ["2,0.7", "2,0.7,0.9,0.5,", "2", '"2,'])
def test_a_line_that_is_still_being_written_is_left_out(end: str) -> None:
    assert len(read_metrics(written(KERAS + end))) == 2


def test_a_last_line_without_its_line_end_counts_when_it_is_whole() -> None:
    assert len(read_metrics(written(KERAS + "2,0.7,0.9,0.5,1.1"))) == 3
    assert len(read_metrics(written('{"loss": 1}\n{"loss": 2}', "m.jsonl"))) == 2
    assert len(read_metrics(written('{"loss": 1}\n{"los', "m.jsonl"))) == 1


def test_a_file_with_nothing_or_only_a_header_has_no_steps() -> None:
    assert read_metrics(written("")) == []
    assert read_metrics(written("epoch,loss\n")) == []


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("epoch,loss\n0,1\n1,2,3\n", "history.csv:3", "3 values where the header has 2 columns"),
        ("0,1.5\n1,1.2\n", "history.csv:1", "doesn't name the columns"),
        ("a,a\n1,2\n", "history.csv:1", "doesn't name the columns"),
        ('{"loss": 1}\n{loss: 2}\n', "history.csv:2:2", "not JSON"),
        ('{"loss": 1}\n[1]\n', "history.csv:2", "not a JSON object"),
    ],
)
def test_what_is_no_metrics_file_is_named_by_line(text: str, where: str, message: str) -> None:
    with pytest.raises(FerryError) as caught:
        read_metrics(written(text))
    assert str(caught.value.where) == where
    assert message in caught.value.message
    assert caught.value.remedy


def test_a_missing_or_binary_file_is_named() -> None:
    with pytest.raises(FerryError, match=r"can't read the metrics file nothing\.csv"):
        read_metrics(Path("nothing.csv"))
    Path("model.keras").write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(FerryError, match="not a text file"):
        read_metrics(Path("model.keras"))


@given(st.lists(st.dictionaries(st.sampled_from(["loss", "acc", "x y"]), st.floats(allow_nan=False)), max_size=8))
def test_json_lines_come_back_as_written(rows: list[dict[str, float]]) -> None:
    path = written("".join(json.dumps(row) + "\n" for row in rows), "any.jsonl")
    assert read_metrics(path) == [row for row in rows if row]


@pytest.mark.parametrize(
    ("name", "lower"),
    [("loss", True), ("val_loss", True), ("acc", False), ("val_accuracy", False), ("lr", None), ("mean_error", True)],
)
def test_the_better_direction_is_known_by_name(name: str, lower: bool | None) -> None:
    assert lower_is_better(name) is lower


def test_runs_are_compared_by_epoch_best_last_time_and_cost() -> None:
    first = Contestant(
        "a",
        [{"epoch": 0, "loss": 2.0, "acc": 0.5}, {"epoch": 1, "loss": 3.0, "acc": 0.5}],
        job={"name": "j", "arguments": ["--epochs", "2"], "compute": {"size": "small"}},
        facts={"backend": "local"},
        seconds=10.0,
        cost=0.5,
    )
    second = Contestant(
        "b",
        [{"epoch": 0, "loss": 2.5, "acc": 0.4}],
        job={"name": "j", "arguments": ["--epochs", "1"], "compute": {"size": "small"}},
        facts={"backend": "azureml"},
    )
    found = compare([first, second])
    assert found.differences == (
        ("backend", ("local", "azureml")),
        ("arguments", (["--epochs", "2"], ["--epochs", "1"])),
    )
    loss, acc = found.metrics
    assert (loss.best, loss.best_epoch, loss.last) == ((2.0, 2.5), (1, 1), (3.0, 2.5))
    assert loss.by_epoch == ((2.0, 2.5), (3.0, None))
    assert loss.largest_difference == 0.5
    assert (acc.best, acc.best_epoch) == ((0.5, 0.4), (1, 1))
    assert found.epochs == (2, 1)
    assert found.seconds_per_epoch == (5.0, None)
    assert found.costs == (0.5, None)


def test_a_bare_file_brings_no_differences_of_jobs() -> None:
    run = Contestant("run", [{"loss": 1.0}], job={"name": "j"}, facts={"backend": "local"})
    file = Contestant("old.csv", [{"loss": 1.5, "epoch_seconds": 10.0}])
    found = compare([run, file])
    assert found.differences == ()
    assert found.seconds_per_epoch == (None, 10.0)
    assert [summary.metric for summary in found.metrics] == ["loss"]


def test_one_side_is_no_comparison() -> None:
    with pytest.raises(ValueError, match="two or more"):
        compare([Contestant("a", [])])


SERIES = {"run a": [{"acc": 0.1, "val_acc": 0.2, "loss": 3.0}, {"acc": 0.5, "loss": 1.0}], "b": [{"loss": 2.0}]}


def test_training_and_validation_share_a_panel() -> None:
    assert families(SERIES) == {"acc": ["acc", "val_acc"], "loss": ["loss"]}


def test_a_png_is_a_whole_picture_of_every_panel() -> None:
    path = Path("history.png")
    write_png(SERIES, path, "two runs")
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    assert width > 2 * height * 1.2
    pixels = zlib.decompress(b"".join(_chunks(data)))
    assert len(set(pixels)) > 50
    assert [entry.name for entry in Path.cwd().iterdir()] == ["history.png"]


def _chunks(data: bytes) -> list[bytes]:
    found, at = [], 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"IDAT":
            found.append(data[at + 8 : at + 8 + length])
        at += 12 + length
    return found


def test_a_png_that_cannot_be_written_is_named() -> None:
    with pytest.raises(FerryError, match="can't write"):
        write_png(SERIES, Path("nowhere/history.png"))


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_terminal_drawing_keeps_within_the_width(width: int) -> None:
    many = {"run": [{"loss": 1 / (n + 1), "val_loss": math.nan if n == 3 else 2.0} for n in range(500)]}
    drawing = draw_text(many, width)
    assert max(len(line) for line in drawing.splitlines()) <= width
    assert "1 -> 0.002" in drawing


def test_the_terminal_drawing_falls_with_the_loss() -> None:
    (line,) = [line for line in draw_text(SERIES).splitlines() if "run a loss" in line]
    assert "█▁ 3 -> 1" in line
    assert draw_text(SERIES, ascii_only=True).isascii()


def test_nothing_to_draw_is_said() -> None:
    with pytest.raises(FerryError, match="nothing to draw"):
        draw_text({"run": []})
