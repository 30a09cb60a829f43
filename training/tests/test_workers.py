"""Training on several workers."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
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


def free_ports(count: int) -> list[int]:
    """Below the ports of outgoing connections: nobody takes one by chance while TensorFlow is being imported."""
    found: list[int] = []
    for port in random.sample(range(20_000, 32_768), 100):
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            found.append(port)
    return found[:count]


def losses(printed: str) -> list[tuple[float, float]]:
    """Loss and validation loss of each epoch, from what Keras prints."""
    lines = [line.split() for line in printed.splitlines() if " - loss: " in line]
    return [(float(line[line.index("loss:") + 1]), float(line[line.index("val_loss:") + 1])) for line in lines]


@pytest.fixture
def start_workers(training_folder: Path, tmp_path: Path) -> Iterator[Callable[..., list[subprocess.Popen[str]]]]:
    """Starts two workers that train together, each with its output in worker0.log or worker1.log."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: object) -> list[subprocess.Popen[str]]:
        addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
        for index in range(2):
            place = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            command: list[str | Path] = [sys.executable, "-u", training_folder / "train.py", *map(str, options)]
            with (tmp_path / f"worker{index}.log").open("w") as log:
                started.append(
                    subprocess.Popen(
                        [*command, "--output-dir", tmp_path / f"worker{index}"],
                        env={**os.environ, "TF_CONFIG": json.dumps(place)},
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        text=True,
                    )
                )
        return started

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_two_workers_train_one_model_like_one_process(
    start_workers: Callable[..., list[subprocess.Popen[str]]], sample: Path, tmp_path: Path, run_script: Script
) -> None:
    """With all images in each step their order doesn't matter, so that two workers must do what one process does."""
    options = ("--data-path", sample, "--epochs", 3, "--image-size", 32, "--batch-size", 96)
    codes = [process.wait(timeout=200) for process in start_workers(*options)]
    logs = [(tmp_path / f"worker{index}.log").read_text() for index in range(2)]
    assert codes == [0, 0], logs
    assert losses(logs[0]) == losses(logs[1])

    alone = run_script("train.py", *options, "--output-dir", tmp_path / "alone")
    assert len(losses(alone.stdout)) == 3
    for together, by_one in zip(losses(logs[0]), losses(alone.stdout), strict=True):
        assert together == pytest.approx(by_one, rel=1e-3)

    written = sorted(path.name for path in (tmp_path / "worker0").iterdir())
    assert written == ["history.csv", "history.png", "model.keras"]
    assert not (tmp_path / "worker1").exists()


@pytest.mark.slow
def test_two_workers_end_when_both_are_told_to(
    start_workers: Callable[..., list[subprocess.Popen[str]]], sample: Path, tmp_path: Path
) -> None:
    """Each may be waiting for the other, deep in TensorFlow, when the signal comes."""
    processes = start_workers("--data-path", sample, "--epochs", 5000, "--image-size", 32)
    logs = [tmp_path / f"worker{index}.log" for index in range(2)]
    deadline = time.monotonic() + 200
    while not all("Epoch 3/" in log.read_text() for log in logs):
        assert all(process.poll() is None for process in processes), [log.read_text() for log in logs]
        assert time.monotonic() < deadline
        time.sleep(0.1)
    for process in processes:
        process.terminate()
    assert [process.wait(timeout=60) for process in processes] == [128 + signal.SIGTERM] * 2
    for log in logs:
        assert log.read_text().count("stopped by SIGTERM: history.csv has the epochs done, no model was written") == 1
