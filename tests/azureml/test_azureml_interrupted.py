"""A client that is killed anywhere between check and fetch: one run exists afterwards, and its outputs come home."""

import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from azure_lab import FERRY, PATIENCE, Lab
from trainferry import Ferry, Job

SEED = 20261124
POINTS = 10
JOB = """\
name: killed
experiment: EXPERIMENT
script: train.py
arguments: ["${{ datasets.numbers }}"]
datasets: {numbers: {path: data}}
environment: {name: killed, python: "3.11"}
compute: {name: cpu-cluster, size: Standard_DS3_v2, max_nodes: 2}
metrics: outputs/history.csv
"""
SCRIPT = """
import pathlib, sys, time
time.sleep(0.5)
text = "".join(sorted(p.read_text() for p in pathlib.Path(sys.argv[1]).iterdir()))
pathlib.Path("outputs/history.csv").write_text("epoch,loss\\n0," + text + "\\n")
"""


def killed_after(requests: int, lab: Lab) -> bool:
    """Start `ferry run`, and kill it as soon as Azure has answered so many requests; False if it ended before."""
    before = lab.azure.admin.count()
    process = subprocess.Popen([FERRY, "run", "job.yaml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    while lab.azure.admin.count() - before < requests and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def requests_of_a_whole_run(lab: Lab) -> int:
    """How many requests `ferry run` makes from check to fetch."""
    before = lab.azure.admin.count()
    lab.ferry("run", "job.yaml")
    return int(lab.azure.admin.count() - before)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_killed_client_leaves_one_run_and_its_outputs_come_home(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.configure_cli(monkeypatch)
    lab.write("4", "data/4.txt")
    lab.write("2", "data/2.txt")
    lab.write(SCRIPT)
    lab.write(JOB.replace("EXPERIMENT", "whole"), "job.yaml")
    total = requests_of_a_whole_run(lab)
    chance = random.Random(SEED)  # noqa: S311  (the same points each time)
    points = sorted(chance.sample(range(1, total), POINTS))
    for number, point in enumerate(points):
        experiment = f"killed-{number}"
        lab.write(JOB.replace("EXPERIMENT", experiment), "job.yaml")
        lab.write(f"{number}", "data/4.txt")
        killed = killed_after(point, lab)
        with Ferry() as ferry:
            taken = [run for run in ferry.runs(experiment=experiment) if run.record.ref]
            if not taken:
                taken = [ferry.run(Job.load("job.yaml"))]
            assert len(taken) == 1, (point, killed)
            (run,) = taken
            run.wait(PATIENCE)
            (home,) = run.fetch(Path(f"results-{number}"), ["outputs/history.csv"])
            assert home.read_text() == f"epoch,loss\n0,{''.join(sorted(['2', str(number)]))}\n"
        at_azure = lab.backend.find_runs(experiment=experiment)
        assert [found.run_id for found in at_azure] == [run.id], (point, killed)
