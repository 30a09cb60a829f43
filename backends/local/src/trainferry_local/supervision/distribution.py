"""The variables by which the processes of a distributed job find each other, here all on this machine.

TensorFlow reads TF_CONFIG (tf.distribute's cluster resolver), PyTorch RANK and its siblings (torch.distributed's
`env://`), and programs made for MPI what Open MPI's and MPICH's launchers set.
"""

from __future__ import annotations

import json
import random
import socket
from contextlib import ExitStack, suppress

HOST = "127.0.0.1"
PORTS = range(20_000, 32_768)
"""Below the ports that a system gives to outgoing connections (Linux: from 32,768 on): nobody else comes by one of them
by chance between the moment it is chosen and the moment, seconds later, when the script listens on it."""


def variables_of(kind: str, processes: int, processes_per_node: int) -> list[dict[str, str]]:
    """The variables of each process, by rank; the ports in them were free a moment ago."""
    ports = free_ports(processes if kind == "tensorflow" else 1)
    make = {"tensorflow": _tensorflow, "pytorch": _pytorch, "mpi": _mpi}[kind]
    return [make(rank, processes, processes_per_node, ports) for rank in range(processes)]


def free_ports(count: int) -> list[int]:
    """So many different loopback ports that nobody listens on."""
    with ExitStack() as opened:
        ports: list[int] = []
        for port in random.sample(PORTS, len(PORTS)):
            if len(ports) == count:
                return ports
            one = opened.enter_context(socket.socket())
            with suppress(OSError):  # somebody listens there
                one.bind((HOST, port))
                ports.append(port)
    raise OSError("this machine has no free ports left")


def _tensorflow(rank: int, _size: int, _per_node: int, ports: list[int]) -> dict[str, str]:
    cluster = {"worker": [f"{HOST}:{port}" for port in ports]}
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": "worker", "index": rank}})}


def _pytorch(rank: int, size: int, per_node: int, ports: list[int]) -> dict[str, str]:
    return {
        "RANK": str(rank),
        "WORLD_SIZE": str(size),
        "LOCAL_RANK": str(rank % per_node),
        "LOCAL_WORLD_SIZE": str(per_node),
        "NODE_RANK": str(rank // per_node),
        "MASTER_ADDR": HOST,
        "MASTER_PORT": str(ports[0]),
    }


def _mpi(rank: int, size: int, per_node: int, ports: list[int]) -> dict[str, str]:
    return {
        "OMPI_COMM_WORLD_RANK": str(rank),
        "OMPI_COMM_WORLD_SIZE": str(size),
        "OMPI_COMM_WORLD_LOCAL_RANK": str(rank % per_node),
        "OMPI_COMM_WORLD_LOCAL_SIZE": str(per_node),
        "OMPI_COMM_WORLD_NODE_RANK": str(rank // per_node),
        "PMI_RANK": str(rank),
        "PMI_SIZE": str(size),
        "MASTER_ADDR": HOST,
        "MASTER_PORT": str(ports[0]),
    }
