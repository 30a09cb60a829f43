"""What the tests of the training folder share: small images, and the scripts run as a user runs them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TRAINING = Path(__file__).parents[1]
sys.path.insert(0, str(TRAINING))

Script = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def training_folder() -> Path:
    """The folder of train.py."""
    return TRAINING


@pytest.fixture(scope="session")
def sample() -> Path:
    """The committed sample of TrashNet: six classes, 16 images of each to train and 4 for validation."""
    return TRAINING / "data/trashnet-sample"


@pytest.fixture(scope="session")
def run_script() -> Script:
    """Runs one of the folder's scripts, by its name and arguments, in a process of its own."""

    def run(
        script: str, *arguments: object, env: dict[str, str] | None = None, preexec_fn: Callable[[], None] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, TRAINING / script, *map(str, arguments)],
            env={**os.environ, **(env or {})},
            preexec_fn=preexec_fn,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    return run


@pytest.fixture
def make_images() -> Callable[..., Path]:
    """Makes a folder of class folders with small JPEG files of one colour each, so many as each class is given."""

    def make(folder: Path, **classes: int) -> Path:
        from PIL import Image

        for shade, (name, count) in enumerate(classes.items(), start=1):
            (folder / name).mkdir(parents=True)
            for number in range(count):
                colour = (shade * 60 % 256, number * 40 % 256, 128)
                Image.new("RGB", (24, 16), colour).save(folder / name / f"{name}{number}.jpg")
        return folder

    return make


@pytest.fixture(scope="session")
def trained(run_script: Script, sample: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The outputs folder and what was printed of one short training on the sample, with images of 48 pixels."""
    outputs = tmp_path_factory.mktemp("trained") / "outputs"
    done = run_script("train.py", "--data-path", sample, "--epochs", 2, "--image-size", 48, "--output-dir", outputs)
    assert done.returncode == 0, done.stderr
    return outputs, done.stdout
