"""The tutorial's job on a Ray cluster: the same file, the same history; and one training on two nodes."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ray_cluster import the_cluster

FERRY = Path(sys.executable).with_name("ferry")
DEADLINE = 280.0
SMALL = ["--epochs", "2", "--image-size", "32"]
Ferry = Callable[..., str]


@pytest.fixture
def ferry(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Ferry:
    """Runs `ferry` in the training folder, as a user whose settings name the cluster of this session."""
    cluster = the_cluster(request.config)
    settings = cluster.settings(tmp_path / "storage")
    file = tmp_path / "config.toml"
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    file.write_text("[backends.ray]\n" + "\n".join(lines) + "\n")
    monkeypatch.chdir(root / "training")
    monkeypatch.setenv("TRAINFERRY_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("TRAINFERRY_CONFIG", str(file))

    def run(*arguments: str) -> str:
        done = subprocess.run([FERRY, *arguments], capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


def train(ferry: Ferry, backend: str, **changes: Any) -> str:
    """Run the job, small and in this interpreter's environment; the id of the run."""
    arguments = ["--data-path", "${{ datasets.waste_images }}", *SMALL]
    sets = {"arguments": arguments, "environment": "current", "compute.size": "cpus=2", **changes}
    given = [part for key, value in sets.items() for part in ("--set", f"{key}={json.dumps(value)}")]
    ferry("run", "job.yaml", "--on", backend, "-q", *given)
    run_id: str = json.loads(ferry("runs", "--json"))["runs"][0]["id"]
    return run_id


def history(ferry: Ferry, run_id: str, folder: Path) -> list[dict[str, float]]:
    """What the run wrote down of each epoch."""
    ferry("fetch", run_id, "--to", str(folder))
    with (folder / "outputs" / "history.csv").open(newline="") as stream:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(stream)]


@pytest.mark.slow
def test_the_recycling_job_has_the_same_history_on_ray_as_on_this_machine(ferry: Ferry, tmp_path: Path) -> None:
    there = history(ferry, train(ferry, "ray"), tmp_path / "there")
    here = history(ferry, train(ferry, "local"), tmp_path / "here")
    assert len(there) == 2
    for one, other in zip(there, here, strict=True):
        for key in ("acc", "loss", "val_acc", "val_loss"):
            assert one[key] == pytest.approx(other[key], abs=1e-3)


@pytest.mark.slow
def test_two_nodes_train_one_model_together(ferry: Ferry, tmp_path: Path) -> None:
    run_id = train(ferry, "ray", **{"distribution.kind": "tensorflow", "distribution.nodes": 2})
    rows = history(ferry, run_id, tmp_path / "results")
    assert len(rows) == 2
    assert (tmp_path / "results" / "outputs" / "model.keras").stat().st_size > 0
    log = (tmp_path / "results" / "logs" / "worker-1.log").read_text()
    assert "Epoch 2/2" in log or "train:" in log
