"""Distributed jobs: N processes on this machine that find each other, and one fate for all."""

import json
import socket
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trainferry.specs import RunState
from trainferry_local.supervision.distribution import free_ports

if TYPE_CHECKING:
    from backends.local.tests.conftest import Lab

SHOW = """
    import json, os
    names = ("TF_CONFIG", "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "NODE_RANK", "MASTER_ADDR",
             "MASTER_PORT", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "PMI_RANK")
    print(json.dumps({name: os.environ[name] for name in names if name in os.environ}))
"""


def variables(lab: "Lab", **distribution: object) -> list[dict[str, str]]:
    """What each process of a distributed job got, by rank."""
    lab.write(SHOW)
    ref = lab.run(distribution=distribution)
    texts = {entry.path: entry.local.read_text() for entry in lab.backend.list_files(ref) if entry.local}
    count = len(texts)
    logs = [texts["logs/std_log.txt"], *(texts[f"logs/worker-{rank}.log"] for rank in range(1, count))]
    return [json.loads(text) for text in logs]


def test_tensorflow_processes_get_one_cluster_and_an_index_each(lab: "Lab") -> None:
    got = [json.loads(each["TF_CONFIG"]) for each in variables(lab, kind="tensorflow", nodes=3)]
    assert [each["task"] for each in got] == [{"type": "worker", "index": rank} for rank in range(3)]
    (workers,) = {tuple(each["cluster"]["worker"]) for each in got}
    assert len(set(workers)) == 3
    assert all(address.startswith("127.0.0.1:") for address in workers)


def test_torch_processes_know_rank_node_and_master(lab: "Lab") -> None:
    got = variables(lab, kind="pytorch", nodes=2, processes_per_node=2)
    assert [(v["RANK"], v["LOCAL_RANK"], v["NODE_RANK"]) for v in got] == [
        ("0", "0", "0"),
        ("1", "1", "0"),
        ("2", "0", "1"),
        ("3", "1", "1"),
    ]
    assert {(v["WORLD_SIZE"], v["LOCAL_WORLD_SIZE"], v["MASTER_ADDR"]) for v in got} == {("4", "2", "127.0.0.1")}
    assert len({v["MASTER_PORT"] for v in got}) == 1


def test_mpi_processes_know_rank_and_size(lab: "Lab") -> None:
    got = variables(lab, kind="mpi", nodes=1, processes_per_node=2)
    assert [(v["OMPI_COMM_WORLD_RANK"], v["OMPI_COMM_WORLD_SIZE"], v["PMI_RANK"]) for v in got] == [
        ("0", "2", "0"),
        ("1", "2", "1"),
    ]


def test_one_worker_that_fails_ends_the_others_and_is_named(lab: "Lab") -> None:
    lab.write("""
        import os, sys, time
        if os.environ["RANK"] == "1":
            print("no more memory"); sys.exit(7)
        time.sleep(600)
    """)
    status = lab.wait(lab.submit(distribution={"kind": "pytorch", "nodes": 3}))
    assert (status.state, status.exit_code) == (RunState.FAILED, 7)
    assert status.reason == "worker 1 of 3: exit code 7; the others were ended\nno more memory"


def test_cancel_ends_all_workers(lab: "Lab") -> None:
    lab.write("import os, time; print(os.getpid()); time.sleep(600)")
    ref = lab.submit(distribution={"kind": "mpi", "nodes": 2})
    logs = [lab.folder(ref) / "log", lab.folder(ref) / "work/logs/worker-1.log"]
    lab.until(lambda: all(log.exists() and log.read_text().endswith("\n") for log in logs), "both workers")
    workers = [int(log.read_text()) for log in logs]
    lab.backend.cancel(ref)
    assert lab.status(ref).state is RunState.CANCELED
    assert [pid for pid in workers if Path(f"/proc/{pid}").exists()] == []


TRAIN_TOGETHER = """
    import json, os
    import numpy as np
    import tensorflow as tf

    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    rank = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
    with strategy.scope():
        weight = tf.Variable(5.0)

    # Each worker has data of its own, so only a model that is really trained together ends at the mean of both.
    target = tf.constant([1.0, 3.0][rank])

    @tf.function
    def step():
        def in_replica():
            with tf.GradientTape() as tape:
                loss = (weight - target) ** 2
            gradient = tape.gradient(loss, weight)
            whole = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, gradient)
            weight.assign_sub(0.25 * whole)
        strategy.run(in_replica)

    for _ in range(40):
        step()
    print(json.dumps({"workers": strategy.num_replicas_in_sync, "weight": round(float(weight.numpy()), 4)}))
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_workers_really_train_one_model(lab: "Lab") -> None:
    """Real TensorFlow: each worker sees other data; both end with the same weight, which fits the mean of the two."""
    lab.write(textwrap.dedent(TRAIN_TOGETHER))
    ref = lab.submit(
        distribution={"kind": "tensorflow", "nodes": 2},
        environment={"current": True, "variables": {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}},
        timeout=240,
    )
    status = lab.wait(ref, 280)
    texts = {entry.path: entry.local.read_text() for entry in lab.backend.list_files(ref) if entry.local}
    assert status.state is RunState.COMPLETED, f"{status.reason}\n{texts}"
    ends = [texts[name].splitlines()[-1] for name in ("logs/std_log.txt", "logs/worker-1.log")]
    assert [json.loads(end) for end in ends] == [{"workers": 2, "weight": 2.0}] * 2


def test_ports_are_free_and_none_that_an_outgoing_connection_gets() -> None:
    ports = free_ports(50)
    assert len(set(ports)) == 50
    for port in ports:
        assert port < 32_768, "what Linux gives to a connection that goes out, from this port on"
        socket.create_server(("127.0.0.1", port)).close()
