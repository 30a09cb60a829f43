"""The processes of a run, and the variables by which they find each other, here all on loopback ports.

TensorFlow reads TF_CONFIG (tf.distribute's cluster resolver), PyTorch RANK and its siblings (torch.distributed's
`env://`), programs made for MPI what Open MPI's launcher sets. All get what Azure Batch AI sets for a task.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from azureml_emulator.engine.contract import Distribution
from azureml_emulator.ports import HOST, free_ports


@dataclass(frozen=True, slots=True)
class Worker:
    """One process of the script."""

    node: int
    role: str
    """`process`, or for TensorFlow `worker` or `ps`."""
    index: int
    """Counted from 0 within its role."""
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        """Whether the run waits for its end; a parameter server has none."""
        return self.role != "ps"


def workers_of(distribution: Distribution, node_ids: Sequence[str]) -> list[Worker]:
    """All processes of a run with their variables; the ports in them were free a moment ago."""
    nodes, per_node = distribution.nodes, distribution.processes_per_node
    count = nodes if distribution.kind in {"none", "tensorflow"} else nodes * per_node
    ports = free_ports(count + distribution.parameter_servers + 1)
    if distribution.kind == "tensorflow":
        workers = _tensorflow(distribution, ports)
    elif distribution.kind == "none":
        workers = [Worker(node, "process", node) for node in range(nodes)]
    else:
        make = _pytorch if distribution.kind == "pytorch" else _mpi
        ranks = range(nodes * per_node)
        workers = [Worker(r // per_node, "process", r, make(r, nodes, per_node, ports)) for r in ranks]
    shared = [_batch(worker, node_ids, ports[-1]) for worker in workers]
    return [
        Worker(worker.node, worker.role, worker.index, {**batch, **worker.variables})
        for worker, batch in zip(workers, shared, strict=True)
    ]


def _batch(worker: Worker, node_ids: Sequence[str], port: int) -> dict[str, str]:
    hosts = ";".join(HOST for _ in node_ids)
    return {
        "AZUREML_NODE_COUNT": str(len(node_ids)),
        "AZ_BATCH_NODE_ID": node_ids[worker.node],
        "AZ_BATCH_NODE_LIST": hosts,
        "AZ_BATCH_HOST_LIST": hosts.replace(";", ","),
        "AZ_BATCH_MASTER_NODE": f"{HOST}:{port}",
        "AZ_BATCH_IS_CURRENT_NODE_MASTER": "true" if worker.node == 0 else "false",
        "AZ_BATCHAI_MPI_MASTER_NODE": HOST,
        "AZ_BATCHAI_TASK_TYPE": "worker" if worker.role == "process" else worker.role,
        "AZ_BATCHAI_TASK_INDEX": str(worker.index),
    }


def _tensorflow(distribution: Distribution, ports: Sequence[int]) -> list[Worker]:
    nodes, servers = distribution.nodes, distribution.parameter_servers
    addresses = [f"{HOST}:{port}" for port in ports]
    cluster = {"worker": addresses[:nodes]}
    if servers:
        cluster["ps"] = addresses[nodes : nodes + servers]
    workers = []
    for role, count in (("worker", nodes), ("ps", servers)):
        for index in range(count):
            task = {"type": role, "index": index}
            config = json.dumps({"cluster": cluster, "task": task, "environment": "cloud"})
            workers.append(Worker(index % nodes, role, index, {"TF_CONFIG": config}))
    return workers


def _pytorch(rank: int, nodes: int, per_node: int, ports: Sequence[int]) -> dict[str, str]:
    return {
        "RANK": str(rank),
        "WORLD_SIZE": str(nodes * per_node),
        "LOCAL_RANK": str(rank % per_node),
        "LOCAL_WORLD_SIZE": str(per_node),
        "NODE_RANK": str(rank // per_node),
        "MASTER_ADDR": HOST,
        "MASTER_PORT": str(ports[0]),
    }


def _mpi(rank: int, nodes: int, per_node: int, _ports: Sequence[int]) -> dict[str, str]:
    return {
        "OMPI_COMM_WORLD_RANK": str(rank),
        "OMPI_COMM_WORLD_SIZE": str(nodes * per_node),
        "OMPI_COMM_WORLD_LOCAL_RANK": str(rank % per_node),
        "OMPI_COMM_WORLD_LOCAL_SIZE": str(per_node),
        "OMPI_COMM_WORLD_NODE_RANK": str(rank // per_node),
        "OMPI_UNIVERSE_SIZE": str(nodes * per_node),
    }
