"""The tutorial's job, the same file: here, then on Azure ML by one word of the settings. The two learn alike."""

import json
import shutil
from pathlib import Path

import pytest

from azure_lab import Lab

SETTINGS = """
# Small and quick for a test, on both sides alike; without the CUDA libraries, of which the nodes here have no use.
[job]
arguments = ["--data-path", "${{ datasets.waste_images }}", "--epochs", "2", "--image-size", "32", "--seed", "3"]
[job.environment]
pip = ["tensorflow==2.21.*", "pillow"]
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_recycling_job_learns_alike_here_and_on_azure(
    lab: Lab, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "outputs", "logs", "tests", ".*_cache")
    shutil.copytree(root / "training", lab.project, ignore=ignored, dirs_exist_ok=True)
    (lab.project / "train.py").write_bytes((root / "training" / "train.py").read_bytes())
    lab.configure_cli(monkeypatch)
    settings = (lab.project / "trainferry.toml").read_text().replace('backend = "azureml"', 'backend = "local"')
    (lab.project / "trainferry.toml").write_text(settings + SETTINGS)
    lab.patience = 600
    here = json.loads(lab.ferry("run", "job.yaml", "--json").stdout)
    there = json.loads(lab.ferry("run", "job.yaml", "--on", "azureml", "--json").stdout)
    assert (here["run"]["backend"], there["run"]["backend"]) == ("local", "azureml")
    assert len(here["metrics"]) == len(there["metrics"]) == 2
    for ours, theirs in zip(here["metrics"], there["metrics"], strict=True):
        assert ours == pytest.approx(theirs, abs=1e-3)
    compared = lab.ferry("compare", here["run"]["id"], there["run"]["id"])
    assert "val_acc" in compared.stdout
    assert any(name.endswith("model.keras") for name in there["files"])
    again = json.loads(lab.ferry("plan", "job.yaml", "--on", "azureml", "--json").stdout)
    assert [action["kind"] for action in again["actions"]] == ["reuse", "reuse", "reuse", "reuse", "submit"]
