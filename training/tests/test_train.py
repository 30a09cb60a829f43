"""The training script, run as a user runs it."""

import ast
import csv
import json
import resource
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import pytest

import train

Script = Callable[..., subprocess.CompletedProcess[str]]

COLUMNS = ["epoch", "acc", "loss", "val_acc", "val_loss"]


def test_the_model_is_the_tutorials() -> None:
    model = train.build_model(6, 256, 0.001)
    parameters = [layer.count_params() for layer in model.layers]
    assert parameters == [416, 0, 0, 3_096_774]
    assert model.count_params() == 3_097_190
    assert model.optimizer.name == "adam"
    assert model.loss == "categorical_crossentropy"


@pytest.mark.slow
def test_a_run_prints_what_it_found_and_each_epoch(trained: tuple[Path, str]) -> None:
    _, printed = trained
    classes = ("cardboard", "glass", "metal", "paper", "plastic", "trash")
    for part, total, each in (("train", 96, 16), ("validation", 24, 4)):
        counts = ", ".join(f"{name} {each}" for name in classes)
        assert f"{part}: {total} images of 6 classes: {counts}\n" in printed
    assert "Epoch 2/2\n3/3 - " in printed


@pytest.mark.slow
def test_a_run_leaves_a_model_that_loads_a_history_and_a_plot(trained: tuple[Path, str]) -> None:
    outputs, _ = trained
    assert sorted(path.name for path in outputs.iterdir()) == ["history.csv", "history.png", "model.keras"]
    with (outputs / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == COLUMNS
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert (outputs / "history.png").read_bytes().startswith(b"\x89PNG")
    assert keras.saving.load_model(outputs / "model.keras").output_shape == (None, 6)
    with zipfile.ZipFile(outputs / "model.keras") as archive:
        assert json.loads(archive.read("classes.json"))[:2] == ["cardboard", "glass"]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_history_even_without_cache_or_matplotlib(
    trained: tuple[Path, str], run_script: Script, sample: Path, tmp_path: Path
) -> None:
    """Neither where the images come from nor what is installed beside TensorFlow changes a single digit."""
    (tmp_path / "matplotlib.py").write_text("raise ImportError('not installed')")
    done = run_script(
        *("train.py", "--data-path", sample, "--epochs", 2, "--image-size", 48, "--cache-mib", 0),
        *("--output-dir", tmp_path / "again"),
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again/history.csv").read_bytes() == (trained[0] / "history.csv").read_bytes()
    assert "decoded, the images take 1 MiB, over --cache-mib 0: each epoch reads the files" in done.stdout
    assert "matplotlib is not installed, so no history.png; history.csv has the numbers" in done.stdout
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == ["history.csv", "model.keras"]


@pytest.mark.slow
def test_a_stopped_run_keeps_the_history_and_leaves_no_half_model(
    training_folder: Path, sample: Path, tmp_path: Path
) -> None:
    command: list[str | Path] = [
        sys.executable,
        "-u",
        training_folder / "train.py",
        "--data-path",
        sample,
        "--epochs",
        "5000",
    ]
    options: list[str | Path] = ["--image-size", "32", "--output-dir", tmp_path / "outputs"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if line.startswith("Epoch 3/"):
                process.send_signal(signal.SIGTERM)
                break
        process.stdout.read()
        errors = process.stderr.read()
    assert process.returncode == 128 + signal.SIGTERM
    assert errors.endswith("train.py: stopped by SIGTERM: history.csv has the epochs done, no model was written\n")
    assert "Traceback" not in errors
    assert [path.name for path in (tmp_path / "outputs").iterdir()] == ["history.csv"]
    lines = (tmp_path / "outputs/history.csv").read_text().splitlines()
    assert lines[0].split(",") == COLUMNS
    assert len(lines) >= 3


@pytest.mark.slow
def test_a_full_disk_is_told_and_keeps_the_history(run_script: Script, sample: Path, tmp_path: Path) -> None:
    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = run_script(
        *("train.py", "--data-path", sample, "--epochs", 1, "--image-size", 48, "--output-dir", tmp_path / "outputs"),
        preexec_fn=small_files_only,
    )
    assert done.returncode == 1, done.stderr
    assert f"train.py: can't write below {tmp_path}/outputs: " in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in (tmp_path / "outputs").iterdir()] == ["history.csv"]


def test_unusable_data_is_one_line_and_exit_code_2(run_script: Script, tmp_path: Path) -> None:
    done = run_script("train.py", "--data-path", tmp_path / "nowhere", "--output-dir", tmp_path / "outputs")
    assert done.returncode == 2
    assert done.stderr.endswith(f"train.py: the data folder {tmp_path}/nowhere is not there; check --data-path\n")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: --data-path"),
        (["--data-path", "data", "--epochs", "0"], "argument --epochs: '0' is not a whole number from 1 on"),
        (["--data-path", "data", "--seed", "-1"], "argument --seed: '-1' is not a whole number from 0 on"),
        (["--data-path", "data", "--learning-rate", "0"], "'0' is not a number above 0"),
        (["--data-path", "data", "--learning-rate", "nan"], "'nan' is not a number above 0"),
        (["--data-path", "data", "--epoch", "3"], "unrecognized arguments: --epoch 3"),
    ],
)
def test_wrong_arguments_are_usage_errors(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        train.parse_arguments(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_the_scripts_import_nothing_of_trainferry(training_folder: Path) -> None:
    scripts = sorted(training_folder.glob("*.py"))
    assert len(scripts) > 3
    for script in scripts:
        for node in ast.walk(ast.parse(script.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0].startswith("trainferry") for name in names), script


def test_the_tutorials_history_has_the_columns_of_ours(training_folder: Path) -> None:
    with (training_folder / "reference/tutorial-history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == COLUMNS
    assert [int(row["epoch"]) for row in rows] == list(range(10))
    assert (rows[9]["acc"], rows[9]["val_acc"]) == ("0.9930", "0.5458")


def test_the_sample_is_small_and_says_where_it_comes_from(sample: Path) -> None:
    assert sum(path.stat().st_size for path in sample.rglob("*")) < 3_000_000
    assert "Gary Thung" in (sample.parent / "LICENSE").read_text()
    assert "Mindy Yang" in (sample.parent / "README.md").read_text()
