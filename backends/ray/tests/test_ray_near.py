"""Runs on a cluster whose disk this machine sees: what they take, how they spread, and how they end."""

import json
import os
import socket
import time
import zipfile
from pathlib import Path

import pytest

from ray_cluster import NODES, RayCluster
from ray_lab import Lab, carriers, kill_all
from trainferry.progress import silent
from trainferry.specs import ActionKind, RunState
from trainferry_ray.node.distribution import free_ports
from trainferry_ray.settings import RaySettings
from trainferry_ray.target import Targets


def storage_of(lab: Lab) -> Path:
    return Path(lab.settings["storage"])


def test_a_run_takes_cpus_of_the_cluster_and_none_of_rays_variables(near: Lab) -> None:
    script = """
        import os, sys
        print([key for key in os.environ if key.startswith(("PYTHON", "RAY_JOB", "TRAINFERRY_REE"))])
        print(os.environ["OMP_NUM_THREADS"], sys.path[0])
    """
    ref = near.completed(near.job(script, compute={"size": "cpus=3"}))
    lines = near.log(ref).splitlines()
    assert lines[0] == "['PYTHONUNBUFFERED']"
    assert lines[1].startswith("3 ")


def test_a_file_of_the_source_takes_the_place_of_no_module_of_ray(near: Lab) -> None:
    """Ray puts what travels on the search path of its own processes."""
    for name in ("json.py", "random.py", "trainferry_ray.py", "ray.py"):
        (near.project / name).write_text("raise SystemExit('the wrong module')\n")
    try:
        near.completed(near.job("print('fine')"))
    finally:
        for name in ("json.py", "random.py", "trainferry_ray.py", "ray.py"):
            (near.project / name).unlink()


@pytest.mark.slow
def test_an_environment_is_built_on_the_node_once(near: Lab) -> None:
    wheel = _wheel(near.project, "ferrytoy", "1.5")
    environment = {"python": "3.11", "pip": [f"./{wheel}"], "variables": {"TOY": "1"}}
    script = "import ferrytoy, os, sys\nprint(ferrytoy.VERSION, sys.prefix, os.environ['TOY'])"
    first = near.log(near.completed(near.job(script, environment=environment)))
    second = near.log(near.completed(near.job(script, environment=environment)))
    assert first == second
    assert first.split()[0] == "1.5"
    assert Path(first.split()[1]).is_relative_to(storage_of(near) / "environments")


def test_an_environment_that_cannot_be_built_fails_the_run_with_the_reason(near: Lab) -> None:
    bad = {"python": "3.11", "pip": ["./nothing-1.0-py3-none-any.whl"]}
    status = near.wait(near.submit(near.job("print(1)", environment=bad)))
    assert status.state is RunState.FAILED
    assert "can't be built" in status.reason
    assert "nothing-1.0" in status.reason


def _wheel(folder: Path, name: str, version: str) -> str:
    file = f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / file, "w") as archive:
        archive.writestr(f"{name}/__init__.py", f"VERSION = {version!r}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return file


RENDEZVOUS = """
    import json, os, pathlib, socket, sys, time
    config = json.loads(os.environ["TF_CONFIG"])
    index, workers = config["task"]["index"], config["cluster"]["worker"]
    host, port = workers[index].rsplit(":", 1)
    here = socket.create_server((host, int(port)))
    if index == 0:
        names = []
        for _ in workers[1:]:
            names.append(here.accept()[0].makefile().readline().strip())
        print("joined by", sorted(names), flush=True)
    else:
        first, first_port = workers[0].rsplit(":", 1)
        for _ in range(200):
            try:
                there = socket.create_connection((first, int(first_port)))
                break
            except OSError:
                time.sleep(0.05)
        there.sendall(f"worker {index}\\n".encode())
        there.close()
        print("I am", index)
    pathlib.Path(f"outputs/{index}.txt").write_text(host)
    pathlib.Path("outputs/same.txt").write_text(str(index))
"""


def test_the_processes_of_a_distributed_run_find_each_other_on_nodes_of_their_own(near: Lab) -> None:
    job = near.job(RENDEZVOUS, distribution={"kind": "tensorflow", "nodes": NODES})
    ref = near.completed(job)
    assert "joined by ['worker 1', 'worker 2']" in near.log(ref)
    homes = {entry.path: entry.local for entry in near.backend.list_files(ref)}
    hosts = {homes[f"outputs/{index}.txt"].read_text() for index in range(NODES)}  # type: ignore[union-attr]
    assert len(hosts) == NODES
    assert {"logs/worker-1.log", "logs/worker-2.log", "outputs/node-1/same.txt"} <= homes.keys()
    assert homes["outputs/same.txt"].read_text() == "0"  # type: ignore[union-attr]
    run = storage_of(near) / "runs" / ref.partition("@")[0]
    assert sorted(path.name for path in run.iterdir()) == ["log", "state.json", "work"]


def test_one_failing_worker_ends_the_others_and_is_named(near: Lab) -> None:
    mark = f"mark-{os.urandom(4).hex()}"
    script = """
        import os, sys, time
        if os.environ["RANK"] == "1":
            print("worker one gives up", flush=True)
            sys.exit(9)
        time.sleep(300)
    """
    ref = near.submit(near.job(script, arguments=[mark], distribution={"kind": "pytorch", "nodes": 2}))
    status = near.wait(ref)
    assert (status.state, status.exit_code) == (RunState.FAILED, 9)
    assert "worker 1" in status.reason
    assert "worker one gives up" in status.reason
    assert carriers(mark) == []


def test_a_run_starts_over_when_it_failed_as_often_as_it_may(near: Lab, tmp_path: Path) -> None:
    script = """
        import pathlib, sys
        tries = pathlib.Path(sys.argv[1])
        count = len(tries.read_text()) if tries.exists() else 0
        tries.write_text("x" * (count + 1))
        print("try", count + 1, flush=True)
        sys.exit(0 if count else 5)
    """
    stubborn = near.client(retries=2)
    ref = near.completed(near.job(script, arguments=[str(tmp_path / "tries")]), stubborn)
    log = near.log(ref)
    assert "try 1\n" in log
    assert "try 1 of 3 failed (exit code 5" in log
    assert log.endswith("try 2\n")


def test_a_run_starts_over_when_it_lost_a_node(near: Lab, tmp_path: Path) -> None:
    """The script kills the actor that stands for its node, as the death of the node does."""
    mark = f"mark-{os.urandom(4).hex()}"
    script = """
        import os, pathlib, signal, sys, time
        tried = pathlib.Path(sys.argv[1])
        if tried.exists():
            print("second try", flush=True)
            sys.exit(0)
        tried.touch()
        stat = pathlib.Path(f"/proc/{os.getppid()}/stat").read_text()
        os.kill(int(stat.rpartition(")")[2].split()[1]), signal.SIGKILL)
        time.sleep(300)
    """
    stubborn = near.client(retries=1)
    ref = near.completed(near.job(script, arguments=[str(tmp_path / "tried"), mark]), stubborn)
    assert "try 1 of 2 failed (a node was lost" in near.log(ref)
    near.until(lambda: not carriers(mark), "the processes of the first try to be gone")


def test_what_a_script_prints_cannot_pass_for_a_success(far: Lab) -> None:
    line = '\x1etrainferry-end {"state": "completed", "exit_code": 0, "reason": "", "started": 1, "ended": 2}'
    status = far.wait(far.submit(far.job(f"print({line!r}, flush=True)\nraise SystemExit(4)")))
    assert (status.state, status.exit_code) == (RunState.FAILED, 4)


def test_a_run_that_is_canceled_while_its_node_prepares_it_is_canceled(near: Lab) -> None:
    wheel = _wheel(near.project, "ferrypause", f"1.{int.from_bytes(os.urandom(2), 'big')}")
    ref = near.submit(near.job("import time; time.sleep(300)", environment={"python": "3.11", "pip": [f"./{wheel}"]}))
    state = storage_of(near) / "runs" / ref.partition("@")[0] / "state.json"
    near.until(state.exists, "its preparation")
    near.backend.cancel(ref)
    assert near.status(ref).state is RunState.CANCELED


def test_a_run_whose_supervisor_was_killed_leaves_no_process_behind(near: Lab) -> None:
    mark = f"mark-{os.urandom(4).hex()}"
    script = """
        import subprocess, sys, time
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)", sys.argv[1]], start_new_session=True)
        print("ready", flush=True)
        time.sleep(300)
    """
    ref = near.submit(near.job(script, arguments=[mark]))
    near.until_printed(ref, "ready")
    (script_pid,) = [pid for pid in carriers(mark) if b"-c" not in Path(f"/proc/{pid}/cmdline").read_bytes()]
    supervisor = int(Path(f"/proc/{script_pid}/stat").read_text().rpartition(")")[2].split()[1])
    kill_all([supervisor])
    status = near.wait(ref)
    assert status.state is RunState.LOST
    assert "SIGKILL" in status.reason
    near.until(lambda: not carriers(mark), "its processes to be gone")


def test_a_run_that_waits_for_other_nodes_says_what_for_and_can_be_canceled(near: Lab) -> None:
    job = near.job("print('never')", distribution={"kind": "mpi", "nodes": NODES + 1})
    plan = near.backend.plan(job, f"try-{os.urandom(4).hex()}")
    (finding,) = [finding for finding in plan.findings if finding.id == "no-such-node"]
    assert (finding.severity, plan.errors) == ("warning", ())
    ref = near.submit(job)
    near.until(lambda: "cluster has 3 such nodes" in near.status(ref).reason, "the reason to be told")
    assert near.status(ref).state is RunState.QUEUED
    near.backend.cancel(ref)
    assert near.status(ref).state is RunState.CANCELED


def test_a_job_that_no_node_can_run_waits_and_can_be_canceled_all_the_same(near: Lab) -> None:
    """Ray's own stop would wait with it."""
    ref = near.submit(near.job("print('never')", compute={"size": "cpus=1,unobtainium=1"}))
    near.until(lambda: near.status(ref).state is RunState.QUEUED, "the run to be queued")
    assert "waiting for resources" in near.status(ref).reason
    begun = time.monotonic()
    near.backend.cancel(ref)
    assert near.status(ref).state is RunState.CANCELED
    assert time.monotonic() - begun < 60


def test_a_second_submit_of_the_same_run_is_refused_by_ray_and_found(near: Lab, far: Lab) -> None:
    """Also for a client that sees no disk, which has only Ray's word."""
    job = far.job("print('once')")
    plan = far.plan(job)
    action = plan.actions[-1]
    assert action.kind is ActionKind.SUBMIT
    refs = {far.backend.apply(action, silent).ref for _ in range(2)}
    assert len(refs) == 1
    (found,) = far.backend.find_runs(run_id=plan.run_id)
    assert {found.ref} == refs


def test_variables_of_a_job_are_not_to_be_seen_at_ray(near: Lab) -> None:
    secret = f"secret-{os.urandom(6).hex()}"
    environment = {"current": True, "variables": {"API_TOKEN": secret}}
    job = near.job("import os; print(len(os.environ['API_TOKEN']))", environment=environment, tags={"token": secret})
    near.completed(job)
    api = Targets(near.site, RaySettings(**near.settings)).current.running_api()
    assert secret not in json.dumps(api.jobs())


def test_what_a_run_left_on_a_shared_disk_is_there_without_its_cluster(near: Lab, tmp_path: Path) -> None:
    ref = near.completed(near.job("open('outputs/kept.txt', 'w').write('kept')\nprint('said')"))
    (port,) = free_ports("127.0.0.1", 1)
    dead = f"{ref.partition('@')[0]}@http://127.0.0.1:{port}"
    assert near.status(dead).state is RunState.COMPLETED
    assert near.log(dead) == "said\n"
    (home,) = near.backend.fetch(dead, ["outputs/kept.txt"], tmp_path, silent)
    assert home.read_text() == "kept"


def test_the_dashboard_shows_the_run(near: Lab, cluster: RayCluster) -> None:
    ref = near.completed(near.job("print(1)"))
    run_id = ref.partition("@")[0]
    assert near.backend.portal_url(ref) == f"{cluster.address}/#/jobs/{run_id}"


def test_ports_are_free_and_none_that_an_outgoing_connection_gets() -> None:
    ports = free_ports("127.0.0.1", 50)
    assert len(set(ports)) == 50
    for port in ports:
        assert port < 32_768, "what Linux gives to a connection that goes out, from this port on"
        socket.create_server(("127.0.0.1", port)).close()
