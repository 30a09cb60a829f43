"""Samples of datasets, shortened arguments, failures read off a log, and what files can be read back."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainferry import Job
from trainferry.rehearsing.artifacts import metrics_problem, model_problem
from trainferry.rehearsing.estimating import GPU_SPEEDUP, expected_time, step_time
from trainferry.rehearsing.sampling import MOST_FILES, take_sample
from trainferry.rehearsing.shortening import batch_of, shorten
from trainferry.rehearsing.tracebacks import own_file, read_failure
from trainferry.specs import RehearsalRules
from trainferry.specs.job import Origin


def fill(folder: Path, **counts: int) -> Path:
    for name, count in counts.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            (folder / name / f"{number:04}.jpg").write_bytes(b"x")
    return folder


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(counts=st.lists(st.integers(1, 120), min_size=1, max_size=6), batch=st.integers(1, 64))
def test_every_class_is_kept_and_a_batch_comes_together(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], batch: int
) -> None:
    folder = tmp_path_factory.mktemp("sample")
    data = fill(folder / "data", **{f"c{number}": count for number, count in enumerate(counts)})
    sample = take_sample(data, folder / "sample", per_class=None, batch=batch)
    kept = [len(list((sample.folder / f"c{number}").iterdir())) for number in range(len(counts))]
    assert all(kept)
    assert sum(kept) >= min(sum(counts), batch)
    assert all(few <= many for few, many in zip(kept, counts, strict=True))


def test_a_rare_class_stays_whole_and_a_large_one_is_cut(tmp_path: Path) -> None:
    data = fill(tmp_path / "data", cat=900, dog=600, owl=3)
    sample = take_sample(data, tmp_path / "s", per_class=None, batch=32)
    assert {path.name: len(list(path.iterdir())) for path in sample.folder.iterdir()} == {
        "cat": 32,
        "dog": 32,
        "owl": 3,
    }
    assert (sample.whole, str(sample)) == (False, "67 of 1503 files")
    assert 0 < sample.share < 1


def test_a_small_dataset_and_a_single_file_are_taken_as_they_are(tmp_path: Path) -> None:
    data = fill(tmp_path / "data", a=10, b=10)
    sample = take_sample(data, tmp_path / "s", per_class=None, batch=32)
    assert (sample.folder, str(sample)) == (data, "all 20 files")
    assert take_sample(data / "a/0000.jpg", tmp_path / "s", per_class=3, batch=1).whole
    assert not (tmp_path / "s").exists()


def test_the_job_may_say_how_many(tmp_path: Path) -> None:
    data = fill(tmp_path / "data", **{"train/cat": 50, "train/dog": 50, "val/cat": 9, "val/dog": 1})
    sample = take_sample(data, tmp_path / "s", per_class=5, batch=32)
    assert sorted(len(list(path.iterdir())) for path in sample.folder.glob("*/*")) == [1, 5, 5, 5]


def test_the_original_is_never_touched(tmp_path: Path) -> None:
    data = fill(tmp_path / "data", a=500)
    before = sorted((path, path.stat().st_mtime_ns) for path in data.rglob("*"))
    sample = take_sample(data, tmp_path / "s", per_class=2, batch=1)
    (sample.folder / "a" / "new.jpg").write_bytes(b"y")
    assert sorted((path, path.stat().st_mtime_ns) for path in data.rglob("*")) == before


def test_tables_name_only_what_is_there(tmp_path: Path) -> None:
    data = fill(tmp_path / "data", images=600)
    rows = "".join(f"images/{number:04}.jpg,{number % 3}\n" for number in range(600))
    (data / "labels.csv").write_text(f"file,label\n{rows}")
    (data / "classes.txt").write_text("0000.jpgs\ncat\n")
    sample = take_sample(data, tmp_path / "s", per_class=10, batch=1)
    kept = (sample.folder / "labels.csv").read_text().splitlines()[1:]
    assert len(kept) == 10
    assert all((sample.folder / line.partition(",")[0]).exists() for line in kept)
    assert (sample.folder / "classes.txt").read_text() == (data / "classes.txt").read_text()


def test_an_image_and_its_labels_stay_together(tmp_path: Path) -> None:
    data = fill(tmp_path / "data", images=500)
    (data / "labels").mkdir()
    for number in range(500):
        (data / "labels" / f"{number:04}.xml").write_text("<a/>")
    sample = take_sample(data, tmp_path / "s", per_class=7, batch=1)
    images, labels = ({path.stem for path in (sample.folder / name).iterdir()} for name in ("images", "labels"))
    assert images == labels
    assert len(images) == 7


def test_many_classes_stay_within_bounds(tmp_path: Path) -> None:
    data = fill(tmp_path / "data", **{f"c{number}": 3 for number in range(300)})
    sample = take_sample(data, tmp_path / "s", per_class=None, batch=512)
    assert 300 <= sample.taken <= MOST_FILES


Make = Callable[..., Job]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def job(script: str, *arguments: str, **rehearse: object) -> Job:
        (tmp_path / "train.py").write_text(script)
        data = {"name": "j", "script": "train.py", "arguments": list(arguments), "rehearse": rehearse}
        return Job.model_validate(data).with_origin(Origin(folder=tmp_path))

    return job


PARSER = """import argparse
p = argparse.ArgumentParser()
p.add_argument('--{name}', type=int, default=50)
a = p.parse_args()
"""


@pytest.mark.parametrize("name", ["epochs", "num_epochs", "max-epochs", "n_epochs", "nb-epoch", "num-train-epochs"])
def test_options_for_epochs_are_lowered_or_given(make: Make, name: str) -> None:
    script = PARSER.format(name=name)
    assert shorten(make(script)).arguments == [f"--{name}", "2"]
    assert shorten(make(script, f"--{name}", "100")).arguments == [f"--{name}", "2"]
    assert shorten(make(script, f"--{name}=100")).arguments == [f"--{name}=2"]
    assert shorten(make(script, f"--{name}", "1")).arguments == [f"--{name}", "1"]
    assert shorten(make(script, f"--{name}", "100")).factors == {2: 50.0}


def test_the_job_s_own_rehearsal_arguments_win(make: Make) -> None:
    script = PARSER.format(name="epochs")
    short = shorten(make(script, "--epochs", "9", "--size", "256", arguments=["--epochs", "5", "--size=32", "--fast"]))
    assert short.arguments == ["--epochs", "5", "--size=32", "--fast"]
    assert shorten(make(script, "--epochs", "9", epochs=1)).arguments == ["--epochs", "1"]


def test_a_parser_that_can_t_be_read_changes_only_what_the_job_gives(make: Make) -> None:
    script = "import click, sys\nprint(sys.argv)\n"
    assert shorten(make(script, "--epochs", "30", "--lr", "1")).arguments == ["--epochs", "2", "--lr", "1"]
    assert shorten(make(script)).arguments == []
    assert shorten(make("def broken(:\n", "--epochs", "30")).arguments == ["--epochs", "2"]


def test_values_that_are_no_numbers_stay(make: Make) -> None:
    script = PARSER.format(name="epochs").replace("type=int", "type=int, nargs='+'")
    assert shorten(make(script)).arguments == []
    assert shorten(make(script, "--epochs", "auto")).arguments == ["--epochs", "auto"]


@pytest.mark.parametrize(
    ("script", "arguments", "batch"),
    [
        ("m.fit(x, batch_size=128)", (), 128),
        ("BATCH_SIZE = 16\n", (), 16),
        ("bs = 8", (), 8),
        ("p.add_argument('--batch-size', type=int, default=64)", (), 64),
        ("batch_size=16", ("--batch-size", "256"), 256),
        ("print('hello')", (), 32),
        ("batch_size = 99999", (), 32),
    ],
)
def test_the_batch_is_read_off_the_job(make: Make, script: str, arguments: tuple[str, ...], batch: int) -> None:
    assert batch_of(make(script, *arguments)) == batch


TRACE = """Epoch 1
Traceback (most recent call last):
  File "/w/train.py", line 3, in <module>
    load()
  File "/w/lib/data.py", line 12, in load
    open(path)
  File "/env/lib/python3.11/site-packages/x/train.py", line 99, in open
FileNotFoundError: [Errno 2] No such file or directory: 'a'
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    for name in ("train.py", "lib/data.py"):
        (tmp_path / name).write_text("\n" * 20)
    return tmp_path


MISSING = "FileNotFoundError: [Errno 2] No such file or directory: 'a'"
USAGE = "train.py: error: argument --n: invalid int value: '3.0'"
CHAINED = "\nDuring handling of the above exception, another exception occurred:\n\n"
SHAPES = "ValueError: Shapes (None, 4) and (None, 3) are incompatible"
IN_USER_CODE = f"""Traceback (most recent call last):
  File "/w/train.py", line 4, in <module>
ValueError: in user code:

    File "/k/x.py", line 1, in step
    {SHAPES}
"""
STOPPED = 'Traceback (most recent call last):\n  File "train.py", line 2, in <module>\nKeyboardInterrupt\n'


@pytest.mark.parametrize(
    ("log", "message", "file", "line"),
    [
        (TRACE, MISSING, "lib/data.py", 12),
        (f"usage: x\n{USAGE}\n", USAGE, None, None),
        (TRACE + CHAINED + TRACE.replace(MISSING, "KeyError: 'acc'"), "KeyError: 'acc'", "lib/data.py", 12),
        (STOPPED, "KeyboardInterrupt", "train.py", 2),
        (IN_USER_CODE, SHAPES, "train.py", 4),
        ("", "it printed nothing", None, None),
        ("all well\n\n", "all well", None, None),
    ],
)
def test_the_line_of_the_user_s_that_failed_is_found(
    source: Path, log: str, message: str, file: str | None, line: int | None
) -> None:
    failure = read_failure(log, source)
    assert (failure.message, failure.file, failure.line) == (message, file, line)


def test_what_keras_tells_after_an_empty_line_is_told(source: Path) -> None:
    log = (
        'Traceback (most recent call last):\n  File "/run/work/train.py", line 3, in <module>\n    m.fit(x, y)\n'
        "ValueError: Exception encountered when calling Sequential.call().\n\n"
        "\x1b[1mInvalid input shape for input Tensor(...). Expected shape (None, 4).\x1b[0m\n"
    )
    assert "call(). Invalid input shape for input" in read_failure(log, source).message


def test_a_library_s_file_of_the_same_name_is_not_the_user_s(source: Path) -> None:
    assert own_file("/x/site-packages/lib/data.py", source) is None
    assert own_file("/run/work/lib/data.py", source) == "lib/data.py"
    assert own_file("../train.py", source) == "train.py"


def archive(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, text in members.items():
            made.writestr(name.replace("_", "."), text)
    return path


def test_models_are_read_back_without_running_anything(tmp_path: Path) -> None:
    good = archive(tmp_path / "m.keras", config_json=json.dumps({"module": "keras"}))
    assert model_problem(good) == ""
    good.write_bytes(good.read_bytes()[:-20])
    assert "zip archive" in model_problem(good)
    assert "config.json" in model_problem(archive(tmp_path / "n.keras", other_json="{}"))
    assert "damaged" in model_problem(archive(tmp_path / "o.keras", config_json="{"))
    for name, content, problem in (
        ("a.h5", b"\x89HDF\r\n\x1a\nrest", ""),
        ("b.h5", b"PK\x03\x04", "not an HDF5 file"),
        ("c.pt", b"", "empty"),
        ("d.pt", b"anything", ""),
        ("e.tflite", b"\0\0\0\0TFL3", ""),
        ("f.tflite", b"PK", "TensorFlow Lite"),
    ):
        (tmp_path / name).write_bytes(content)
        assert problem in model_problem(tmp_path / name)
        assert bool(problem) == bool(model_problem(tmp_path / name))
    assert model_problem(tmp_path / "gone.keras")


def test_metrics_need_a_row_with_a_number(tmp_path: Path) -> None:
    for text, well in (("epoch,loss\n0,1.5\n", True), ("epoch,loss\n", False), ("", False), ('{"loss": 1}\n', True)):
        file = tmp_path / ("h.csv" if "," in text else "h.jsonl")
        file.write_text(text)
        assert (metrics_problem(file) == "") is well, text


def test_the_whole_run_is_estimated_with_a_range() -> None:
    fit = {"kind": "fit", "epochs": 2, "steps": None, "seconds": 4.0, "step": 0.1, "ran": 2, "count": 6}
    assert step_time([fit]) == 0.1
    rules = RehearsalRules(gpus=1)
    few = expected_time([fit], 10, share=0.1, factors={2: 5.0}, rules=rules)
    assert few is not None
    assert few.high == 12 + 0.1 * 10 * 40
    assert few.low == pytest.approx(3 + 0.1 * 10 * 40 / GPU_SPEEDUP, abs=0.1)
    assert expected_time([], 10, share=1, factors={}, rules=rules) is None
    known = {**fit, "steps": 500, "whole": True}
    exact = expected_time([known], 4, share=0.1, factors={}, rules=RehearsalRules())
    assert exact is not None
    assert exact.low < 0.1 * 2 * 500 < exact.high
