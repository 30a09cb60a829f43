"""Predicting with a trained model."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from predict import UnusableModel, load_model

Script = Callable[..., subprocess.CompletedProcess[str]]


def photographs(sample: Path) -> list[Path]:
    return sorted(sample.glob("validation/*/*.jpg"))[:2]


@pytest.mark.slow
def test_the_model_file_alone_names_each_photograph(
    trained: tuple[Path, str], run_script: Script, sample: Path, tmp_path: Path
) -> None:
    model = shutil.copy(trained[0] / "model.keras", tmp_path / "moved.keras")
    first, second = photographs(sample)
    (tmp_path / "damaged.jpg").write_text("no image")
    missing = tmp_path / "gone.jpg"
    done = run_script("predict.py", model, first, tmp_path / "damaged.jpg", second, missing, "--json")
    assert done.returncode == 1
    assert f"predict.py: {missing}: there is no such file\n" in done.stderr
    assert (
        f"predict.py: {tmp_path}/damaged.jpg: not a readable JPEG or PNG image (no image, or only its beginning)\n"
        in done.stderr
    )
    assert "Traceback" not in done.stderr
    answers = json.loads(done.stdout)
    assert [answer["image"] for answer in answers] == [str(first), f"{tmp_path}/damaged.jpg", str(second), str(missing)]
    for answer in (answers[0], answers[2]):
        shares = answer["probabilities"]
        assert sorted(shares) == ["cardboard", "glass", "metal", "paper", "plastic", "trash"]
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
        assert answer["class"] == max(shares, key=lambda name: shares[name])


@pytest.mark.slow
def test_for_people_there_is_a_line_for_each_photograph(
    trained: tuple[Path, str], run_script: Script, sample: Path
) -> None:
    first, second = photographs(sample)
    done = run_script("predict.py", trained[0] / "model.keras", first, second)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"{first}: ")
    assert lines[0].count("%") == 6


@pytest.mark.parametrize("script", ["train.py", "predict.py"])
def test_a_python_without_tensorflow_is_told_in_words(script: str, training_folder: Path, tmp_path: Path) -> None:
    bare = [sys.executable, "-S", str(training_folder / script), "x"]
    done = subprocess.run(bare, capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path)
    assert done.returncode == 1
    assert f"this Python has no TensorFlow: {sys.executable}\n  install the packages that job.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def without(model: Path, member: str, copy: Path) -> Path:
    """A copy of the model without one member of its archive."""
    with zipfile.ZipFile(model) as old, zipfile.ZipFile(copy, "w") as new:
        for info in old.infolist():
            if info.filename != member:
                new.writestr(info, old.read(info))
    return copy


@pytest.mark.slow
def test_an_unusable_model_says_what_is_missing(trained: tuple[Path, str], tmp_path: Path) -> None:
    model = trained[0] / "model.keras"
    nameless = without(model, "classes.json", tmp_path / "nameless.keras")
    hollow = without(model, "model.weights.h5", tmp_path / "hollow.keras")
    few = without(model, "classes.json", tmp_path / "few.keras")
    with zipfile.ZipFile(few, "a") as archive:
        archive.writestr("classes.json", '["glass", "paper"]')
    (tmp_path / "half.keras").write_bytes(model.read_bytes()[:5000])
    for path, message in (
        (nameless, "it has no class names"),
        (hollow, "it is damaged, or no Keras model"),
        (few, "its class names don't fit its 6 outputs"),
        (tmp_path / "half.keras", "it is damaged, or no Keras model"),
        (tmp_path / "gone.keras", "there is no such file"),
    ):
        with pytest.raises(UnusableModel, match=message):
            load_model(path)


def test_a_missing_model_is_one_line_and_exit_code_2(run_script: Script, tmp_path: Path) -> None:
    done = run_script("predict.py", tmp_path / "gone.keras", tmp_path / "photo.jpg")
    assert done.returncode == 2
    assert done.stderr.endswith(
        f"predict.py: {tmp_path}/gone.keras: there is no such file; train.py writes one below outputs/\n"
    )
