"""The unmodified SDK against the emulator: the tutorial from end to end, and what lies around it."""

import subprocess
import sys
from pathlib import Path

import pytest

from azureml_emulator import AzureMLEmulator
from real_sdk import run_sdk

HERE = Path(__file__).parent
SAMPLE = HERE.parents[1] / "training" / "data" / "trashnet-sample"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_the_tutorial_runs_unchanged(emulator: AzureMLEmulator, tmp_path: Path) -> None:
    home = tmp_path / "home"
    said = run_sdk(emulator, home, HERE / "tutorial" / "prepare.py", SAMPLE)
    assert "prepared azure_trash_demo ['gpu-cluster-NC4'] ['waste_images']" in said
    said = run_sdk(emulator, home, HERE / "tutorial" / "submit.py", HERE / "tutorial" / "recycling")
    assert "Streaming user_logs/std_log.txt" in said
    assert "status: Completed" in said
    model = home / "cloud_files" / "outputs" / "model.keras"
    program = "import sys, keras; print(keras.models.load_model(sys.argv[1]).count_params())"
    done = subprocess.run([sys.executable, "-c", program, str(model)], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["3097190"], done.stderr
    history = (home / "cloud_files" / "outputs" / "history.csv").read_text(encoding="utf-8")
    assert history.startswith("acc,loss,val_acc,val_loss")


def test_the_sdk_around_a_run(emulator: AzureMLEmulator, tmp_path: Path) -> None:
    home = tmp_path / "home"
    emulator.write_config(home)
    assert "whole" in run_sdk(emulator, home, HERE / "sdk" / "whole_surface.py", HERE / "sdk")
