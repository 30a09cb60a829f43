"""Runs of several processes, and how these find each other."""

import json
import socket
from typing import TYPE_CHECKING, Any

from azureml_emulator.engine.contract import LogLayout, Status
from azureml_emulator.ports import free_ports

if TYPE_CHECKING:
    from emulator.tests.engine.conftest import Workshop

TELL = """
    import json, os, sys
    print(json.dumps(dict(os.environ)))
"""


def variables(workshop: "Workshop", run_id: str, log: str) -> dict[str, str]:
    """The variables that one process printed."""
    said: dict[str, str] = json.loads(workshop.log(run_id, log))
    return said


def test_two_workers_and_a_parameter_server(workshop: "Workshop") -> None:
    script = """
        import json, os, socket, sys, time
        config = json.loads(os.environ["TF_CONFIG"])
        print(os.environ["TF_CONFIG"], flush=True)
        task = config["task"]
        host, port = config["cluster"][task["type"]][task["index"]].split(":")
        with socket.create_server((host, int(port))) as server:
            if task["type"] == "ps":
                time.sleep(600)
            other = config["cluster"]["worker"][1 - task["index"]].split(":")
            deadline = time.monotonic() + 30
            while True:
                try:
                    socket.create_connection((other[0], int(other[1])), 1).close()
                    break
                except OSError:
                    assert time.monotonic() < deadline
                    time.sleep(0.02)
            server.accept()
    """
    distribution = {"kind": "tensorflow", "nodes": 2, "parameter_servers": 1}
    state = workshop.run(script, distribution=distribution)
    assert state.status is Status.COMPLETED, state
    assert len(set(state.nodes)) == 2
    told: dict[str, Any] = {
        name: json.loads(workshop.log(state.run_id, f"user_logs/std_log_process_{name}.txt"))
        for name in ("0", "1", "0_ps")
    }
    assert {name: config["task"] for name, config in told.items()} == {
        "0": {"type": "worker", "index": 0},
        "1": {"type": "worker", "index": 1},
        "0_ps": {"type": "ps", "index": 0},
    }
    clusters = [config["cluster"] for config in told.values()]
    assert clusters[0] == clusters[1] == clusters[2]
    assert [len(clusters[0][role]) for role in ("worker", "ps")] == [2, 1]


def test_mpi_starts_so_many_processes_on_each_node(workshop: "Workshop") -> None:
    state = workshop.run(TELL, distribution={"kind": "mpi", "nodes": 2, "processes_per_node": 2})
    assert state.status is Status.COMPLETED, state
    said = [variables(workshop, state.run_id, f"user_logs/std_log_process_{rank}.txt") for rank in range(4)]
    assert [one["OMPI_COMM_WORLD_RANK"] for one in said] == ["0", "1", "2", "3"]
    assert [one["OMPI_COMM_WORLD_LOCAL_RANK"] for one in said] == ["0", "1", "0", "1"]
    assert {one["OMPI_COMM_WORLD_SIZE"] for one in said} == {"4"}
    assert [one["AZ_BATCH_NODE_ID"] for one in said] == [state.nodes[0]] * 2 + [state.nodes[1]] * 2
    assert {one["AZUREML_NODE_COUNT"] for one in said} == {"2"}
    assert len({one["AZ_BATCH_MASTER_NODE"] for one in said}) == 1
    assert [one["AZ_BATCH_IS_CURRENT_NODE_MASTER"] for one in said] == ["true", "true", "false", "false"]


def test_pytorch(workshop: "Workshop") -> None:
    order = {"distribution": {"kind": "pytorch", "nodes": 2, "processes_per_node": 1}, "layout": LogLayout.OLD}
    state = workshop.run(TELL, **order)
    assert state.status is Status.COMPLETED, state
    said = [variables(workshop, state.run_id, f"azureml-logs/70_driver_log_{rank}.txt") for rank in range(2)]
    keys = ("RANK", "LOCAL_RANK", "NODE_RANK", "WORLD_SIZE", "MASTER_ADDR")
    assert [[one[key] for key in keys] for one in said] == [
        ["0", "0", "0", "2", "127.0.0.1"],
        ["1", "0", "1", "2", "127.0.0.1"],
    ]
    assert len({one["MASTER_PORT"] for one in said}) == 1


def test_one_process_that_fails_ends_the_others(workshop: "Workshop") -> None:
    script = """
        import os, sys, time
        if os.environ["RANK"] == "1":
            sys.exit("the second one fails")
        time.sleep(600)
    """
    state = workshop.run(script, distribution={"kind": "pytorch", "nodes": 2})
    assert (state.status, state.exit_code) == (Status.FAILED, 1)
    assert state.error is not None
    assert state.error.log == "user_logs/std_log_process_1.txt"
    assert "the second one fails" in state.error.message


def test_more_nodes_than_the_cluster_can_have(workshop: "Workshop") -> None:
    state = workshop.run(distribution={"kind": "mpi", "nodes": 5})
    assert state.status is Status.FAILED
    assert state.error is not None
    assert state.error.message == "Requested 5 nodes but AzureMLCompute cluster only has 4 maximum nodes."


def test_ports_are_free_and_none_that_an_outgoing_connection_gets() -> None:
    ports = free_ports(50)
    assert len(set(ports)) == 50
    for port in ports:
        assert port < 32_768, "what Linux gives to a connection that goes out, from this port on"
        socket.create_server(("127.0.0.1", port)).close()
