"""Drawing metrics, as a picture and in the terminal."""

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from trainferry.errors import FerryError
from trainferry.metrics import Row
from trainferry.plot import draw_text, write_png

RUN: list[Row] = [
    {"epoch": n, "loss": 13 / (n + 1), "val_loss": 2.0, "acc": n / 10, "val_acc": n / 20, "lr": 0.1} for n in range(10)
]
OTHER: list[Row] = [{"epoch": 0, "loss": 3.0}, {"epoch": 1, "loss": math.nan}, {"epoch": 2, "loss": 1.0}]


def test_a_picture_of_several_runs_is_written_whole(tmp_path: Path) -> None:
    file = tmp_path / "history.png"
    write_png({"a-1": RUN, "b-2": OTHER}, file)
    with Image.open(file) as picture:
        assert picture.format == "PNG"
        assert min(picture.size) > 600
        colours = picture.convert("RGB").getcolors(maxcolors=10**6) or []
        assert len(colours) > 20, "something is drawn"
    assert [path.name for path in tmp_path.iterdir() if path.suffix in (".png", ".part")] == ["history.png"]


def test_the_lines_are_solid_for_training_and_dashed_for_validation(tmp_path: Path) -> None:
    """Read off an SVG, in which a dashed line says so."""
    write_png({"train": [{"epoch": 0, "loss": 1.0}, {"epoch": 1, "loss": 2.0}]}, tmp_path / "t.svg")
    write_png({"val": [{"epoch": 0, "val_loss": 1.0}, {"epoch": 1, "val_loss": 2.0}]}, tmp_path / "v.svg")
    line = re.compile(r'<path d="[^"]+" clip-path="[^"]+" style="fill: none; stroke-dasharray')
    assert not line.search((tmp_path / "t.svg").read_text())
    assert line.search((tmp_path / "v.svg").read_text())


@pytest.mark.parametrize("name", ["history.bmp", "history", ".png"])
def test_another_kind_of_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FerryError, match=r"can't draw a file of the kind .*\n  name it like "):
        write_png({"a": RUN}, tmp_path / name)


def test_a_picture_that_can_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FerryError, match=r"can't write .*: No such file or directory"):
        write_png({"a": RUN}, tmp_path / "none" / "x.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(FerryError, match=r"can't write .*: Is a directory"):
        write_png({"a": RUN}, tmp_path / "folder.png")
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_without_matplotlib_the_error_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from pathlib import Path\nfrom trainferry.errors import FerryError\nfrom trainferry.plot import write_png\n"
        "try:\n    write_png({'a': [{'loss': 1.0}]}, Path('x.png'))\nexcept FerryError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == (
        "drawing a picture needs matplotlib, which is not installed\n  pip install 'trainferry[plot]'\n"
    )


@pytest.mark.parametrize("rows", [[], [{"epoch": 0.0}], [{"loss": math.nan}]])
def test_nothing_to_draw_is_told_with_what_to_do(tmp_path: Path, rows: list[Row]) -> None:
    with pytest.raises(FerryError, match=r"no metrics to draw of a\n  the script writes them"):
        write_png({"a": rows}, tmp_path / "x.png")
    with pytest.raises(FerryError, match="no metrics to draw of a"):
        draw_text({"a": rows}, 80)


@pytest.mark.parametrize("width", [20, 40, 80, 119, 400])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_drawing_keeps_within_the_terminal(width: int, ascii_only: bool) -> None:
    text = draw_text({"a-run-with-a-long-name-4fj2kq": RUN, "b": OTHER}, width, ascii_only=ascii_only)
    assert max(map(len, text.splitlines())) <= max(40, min(width, 120))
    assert text.isascii() == ascii_only
    assert "\x1b" not in text


def test_a_drawing_has_a_chart_for_each_metric_and_a_letter_for_each_run() -> None:
    text = draw_text({"first": RUN, "second": OTHER}, 80)
    charts = text.split("\n\n")
    assert len(charts) == 3
    assert [line.strip() for line in charts[0].splitlines()[-3:]] == [
        "a first: loss 13 -> 1.3",
        "A first: val_loss 2 -> 2",
        "b second: loss 3 -> 1",
    ]
    drawn = charts[0].rpartition("a first")[0]
    assert all(letter in drawn for letter in "aAb")


def test_colour_is_only_for_those_who_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    assert "\x1b" not in draw_text({"a": RUN}, 80), "standard output is no terminal here"
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = draw_text({"a": RUN}, 80)
    assert "\x1b[" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in draw_text({"a": RUN}, 80)


@pytest.mark.parametrize("rows", [[{"loss": 1.0}], [{"loss": 0.0}, {"loss": 0.0}], [{"loss": 1e300}, {"loss": -1e300}]])
def test_charts_without_extent_are_drawn_all_the_same(tmp_path: Path, rows: list[Row]) -> None:
    assert "a" in draw_text({"a": rows}, 60)
    write_png({"a": rows}, tmp_path / "x.png")
