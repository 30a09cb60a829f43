"""The variables by which the processes of a distributed job find each other, over several nodes.

TensorFlow reads TF_CONFIG, PyTorch RANK and its siblings, programs for MPI what Open MPI's and MPICH's launchers set.
"""

from __future__ import annotations

import json
import random
import socket
from contextlib import ExitStack, suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

PORTS = range(20_000, 32_768)
"""Below the ports that a system gives to outgoing connections (Linux: from 32,768 on): nobody else comes by one of them
by chance between the moment it is chosen and the moment, seconds later, when the script listens on it."""


def free_ports(host: str, count: int) -> list[int]:
    """So many different ports of this node that nobody listens on."""
    with ExitStack() as opened:
        ports: list[int] = []
        for port in random.sample(PORTS, len(PORTS)):
            if len(ports) == count:
                return ports
            one = opened.enter_context(socket.socket())
            with suppress(OSError):  # somebody listens there
                one.bind((host, port))
                ports.append(port)
    raise OSError("this machine has no free ports left")


def variables_of(kind: str, nodes: Sequence[tuple[str, Sequence[int]]]) -> list[list[dict[str, str]]]:
    """The variables of each process, by node; `nodes` holds the host of each and a free port for each process of it."""
    addresses = [(host, port) for host, ports in nodes for port in ports]
    result: list[list[dict[str, str]]] = []
    rank = 0
    for number, (_, ports) in enumerate(nodes):
        result.append([])
        for local in range(len(ports)):
            own = _one(kind, addresses, rank, (number, local, len(ports)))
            result[-1].append({**own, "TRAINFERRY_RANK": str(rank)})
            rank += 1
    return result


def _one(kind: str, addresses: list[tuple[str, int]], rank: int, place: tuple[int, int, int]) -> dict[str, str]:
    node, local, per_node = (str(number) for number in place)
    size = str(len(addresses))
    if kind == "tensorflow":
        cluster = {"worker": [f"{host}:{port}" for host, port in addresses]}
        return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": "worker", "index": rank}})}
    master = {"MASTER_ADDR": addresses[0][0], "MASTER_PORT": str(addresses[0][1])}
    if kind == "pytorch":
        return {
            **master,
            "RANK": str(rank),
            "WORLD_SIZE": size,
            "LOCAL_RANK": local,
            "LOCAL_WORLD_SIZE": per_node,
            "NODE_RANK": node,
        }
    return {
        **master,
        "OMPI_COMM_WORLD_RANK": str(rank),
        "OMPI_COMM_WORLD_SIZE": size,
        "OMPI_COMM_WORLD_LOCAL_RANK": local,
        "OMPI_COMM_WORLD_LOCAL_SIZE": per_node,
        "OMPI_COMM_WORLD_NODE_RANK": node,
        "PMI_RANK": str(rank),
        "PMI_SIZE": size,
    }
