"""Training on several workers."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from images import Split
from workers import BadCluster, Cluster, read_place

Script = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("cluster", "task", "place"),
    [
        ({"worker": ["a:1", "b:1"]}, {"type": "worker", "index": 1}, (2, 1)),
        ({"worker": ["a:1", "b:1"]}, {"type": "worker", "index": "1"}, (2, 1)),
        ({"chief": ["a:1"], "worker": ["b:1", "c:1"]}, {"type": "chief", "index": 0}, (3, 0)),
        ({"chief": ["a:1"], "worker": ["b:1", "c:1"]}, {"type": "worker", "index": 1}, (3, 2)),
        ({"worker": ["a:1"]}, {"type": "worker", "index": 0}, (1, 0)),
        ({}, {}, (1, 0)),
    ],
)
def test_a_worker_finds_its_place(
    cluster: dict[str, list[str]], task: dict[str, object], place: tuple[int, int]
) -> None:
    assert read_place(json.dumps({"cluster": cluster, "task": task})) == place


def test_without_a_cluster_there_is_one_worker() -> None:
    assert read_place("") == read_place(" ") == (1, 0)


@pytest.mark.parametrize(
    ("tf_config", "message"),
    [
        ("{", "not a cluster and a task in JSON"),
        ("[]", "not a cluster and a task in JSON"),
        ('{"cluster": {"worker": 3}}', "not a cluster and a task in JSON"),
        ('{"cluster": {"ps": ["a:1"], "worker": ["b:1"]}}', "TF_CONFIG names ps; this script trains with chief and"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}', "the place worker 1, which its"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "chief", "index": 0}}', "the place chief 0, which its"),
    ],
)
def test_an_unusable_tf_config_is_told(tf_config: str, message: str) -> None:
    with pytest.raises(BadCluster, match=message):
        read_place(tf_config)


def test_one_worker_takes_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    split = Split(["a", "b"], [tmp_path / str(number) for number in range(5)], [0, 0, 0, 1, 1])
    cluster = Cluster()
    assert cluster.is_chief
    assert cluster.share(split) == split
    assert cluster.batch_size(32) == 32


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def losses(printed: str) -> list[tuple[float, float]]:
    """Loss and validation loss of each epoch, from what Keras prints."""
    lines = [line.split() for line in printed.splitlines() if " - loss: " in line]
    return [(float(line[line.index("loss:") + 1]), float(line[line.index("val_loss:") + 1])) for line in lines]


@pytest.mark.slow
def test_two_workers_train_one_model_like_one_process(
    training_folder: Path, sample: Path, tmp_path: Path, run_script: Script
) -> None:
    """With all images in each step their order doesn't matter, so that two workers must do what one process does."""
    addresses = [f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"]
    options = ["--data-path", sample, "--epochs", "3", "--image-size", "32", "--batch-size", "96"]
    processes = []
    for index in range(2):
        place = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        command = [sys.executable, training_folder / "train.py", *options, "--output-dir", tmp_path / f"worker{index}"]
        with (tmp_path / f"{index}.log").open("w") as log:
            processes.append(
                subprocess.Popen(
                    command, env={**os.environ, "TF_CONFIG": json.dumps(place)}, stdout=log, stderr=subprocess.STDOUT
                )
            )
    try:
        codes = [process.wait(timeout=200) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    logs = [(tmp_path / f"{index}.log").read_text() for index in range(2)]
    assert codes == [0, 0], logs
    assert losses(logs[0]) == losses(logs[1])

    alone = run_script("train.py", *options, "--output-dir", tmp_path / "alone")
    assert len(losses(alone.stdout)) == 3
    for together, by_one in zip(losses(logs[0]), losses(alone.stdout), strict=True):
        assert together == pytest.approx(by_one, rel=1e-3)

    assert sorted(path.name for path in (tmp_path / "worker0").iterdir()) == [
        "history.csv",
        "history.png",
        "model.keras",
    ]
    assert not (tmp_path / "worker1").exists()
