"""A cluster of its own: started on demand, closed to others, and gone without a trace."""

import os
import signal
import stat
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from ray_lab import Lab
from trainferry.errors import BackendError
from trainferry.progress import Progress, silent
from trainferry.specs import Action, ActionKind, RunState
from trainferry_ray.node.folders import read_json, write_json
from trainferry_ray.own.keeper import MARK


def of_the_cluster(lab: Lab) -> list[int]:
    """Processes that belong to the cluster of a laboratory."""
    mark = f"{MARK}={lab.site.backend_home('ray')}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.mark.slow
def test_it_starts_with_the_first_run_and_leaves_nothing_but_what_runs_wrote(tmp_path: Path) -> None:
    lab = Lab(tmp_path, {"node_memory_mb": 80, "node_cpus": 2, "grace_seconds": 1})
    home = lab.site.backend_home("ray")
    job = lab.job("open('outputs/result.txt', 'w').write('kept')\nprint('here')")
    first = lab.plan(job)
    assert [action.kind for action in first.actions] == [ActionKind.CREATE, ActionKind.SUBMIT]
    assert not home.exists()
    try:
        ref = lab.completed(job)
        assert ref.endswith("@own")
        assert lab.plan(job).actions[0].kind is ActionKind.REUSE
        check_closed(home)
        check_another_ray_is_refused(lab)
        going = lab.submit(lab.job("import time; print('on', flush=True); time.sleep(300)"))
        lab.until_printed(going, "on")
        temp = Path((home / "temp").read_text())
        check_the_next_start_tidies_up(lab, first.actions[0])
        assert lab.status(going).state is RunState.LOST
    finally:
        lab.backend.tear_down("cluster:own")
    assert of_the_cluster(lab) == []
    assert not temp.exists()
    assert not (home / "token").exists()
    lab.backend.tear_down("cluster:own")
    (found,) = lab.backend.find_runs(run_id=ref.partition("@")[0])
    assert (found.ref, found.status.state) == (ref, RunState.COMPLETED)
    assert lab.log(ref) == "here\n"
    (path,) = lab.backend.fetch(ref, ["outputs/result.txt"], tmp_path / "results", silent)
    assert path.read_text() == "kept"


def check_closed(home: Path) -> None:
    """Only who can read the token gets an answer, and only on this machine."""
    record = read_json(home / "cluster.json")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{record['address']}/api/jobs/")  # noqa: S310  (its own address)
    assert record["address"].startswith("http://127.0.0.1:")
    assert stat.S_IMODE((home / "token").stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR


def check_another_ray_is_refused(lab: Lab) -> None:
    """As after an update of the package, while the cluster runs."""
    file = lab.site.backend_home("ray") / "cluster.json"
    record = read_json(file)
    write_json(file, {**record, "ray": "2.1.0"})
    (finding,) = lab.backend.plan(lab.job("print(1)"), "try-1").errors
    assert finding.id == "other-ray-cluster"
    assert "runs Ray 2.1.0, and 2." in finding.message
    write_json(file, record)


def check_the_next_start_tidies_up(lab: Lab, create: Action) -> None:
    """After the keeper was killed; and an idle cluster stops by itself."""
    record = read_json(lab.site.backend_home("ray") / "cluster.json")
    left = set(of_the_cluster(lab))
    os.kill(record["pid"], signal.SIGKILL)
    lab.until(lambda: lab.plan(lab.job("print(1)")).actions[0].kind is ActionKind.CREATE, "its end to be seen")
    again = lab.client(idle_seconds=2).apply(create, silent).details
    assert again["pid"] != record["pid"]
    assert left & set(of_the_cluster(lab)) == set()
    lab.until(lambda: not of_the_cluster(lab), "the idle cluster to stop by itself")


def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    lab = Lab(tmp_path, {})
    events: list[Progress] = []
    in_the_way = lab.site.backend_home("ray") / "token"
    in_the_way.mkdir(parents=True)
    create = lab.plan(lab.job("print(1)")).actions[0]
    with pytest.raises(BackendError, match=r"did not start.*token") as caught:
        lab.backend.apply(create, events.append)
    assert "keeper.log" in caught.value.remedy
    assert [event.message for event in events][:1] == ["starting a Ray cluster on this machine"]
    in_the_way.rmdir()
    lab.backend.tear_down("cluster:own")
    assert of_the_cluster(lab) == []


def test_what_a_cluster_of_this_machine_can_never_give_is_refused(tmp_path: Path) -> None:
    lab = Lab(tmp_path, {"nodes": 2, "node_cpus": 2})
    plan = lab.backend.plan(lab.job("print(1)", distribution={"kind": "mpi", "nodes": 3}), "try-1")
    assert [finding.id for finding in plan.errors] == ["no-such-node"]
    plan = lab.backend.plan(lab.job("print(1)", compute={"size": "cpus=3"}), "try-2")
    assert "3 CPU" in plan.errors[0].message
    assert "compute.size" in plan.errors[0].remedy


def test_only_its_own_cluster_can_be_torn_down(tmp_path: Path) -> None:
    lab = Lab(tmp_path, {})
    with pytest.raises(BackendError, match="made no cluster:gpu"):
        lab.backend.tear_down("cluster:gpu")


def test_a_run_may_be_forgotten_whatever_the_cluster_keeps_of_it(tmp_path: Path) -> None:
    Lab(tmp_path, {}).backend.tear_down("run:try-1")
