"""Clusters: nodes that take their time to come up, are given to runs in the order they ask, and leave when idle."""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from azureml_emulator.engine.contract import ClusterSpec, ClusterStatus, NodeState, NodeStatus

_FIRST_PORT = 50000
"""Of the ssh ports that a cluster shows for its nodes."""

_SHOWN_AFTER_LOSS = 5.0
"""Seconds for which a lost node stays in the list."""


class ClusterError(Exception):
    """A run can't have the nodes it asks for, now or ever; the text says why."""


@dataclass(slots=True)
class _Node:
    id: str
    state: NodeState
    until: float
    """When the current state ends by itself; for an idle node, since when it is idle."""
    port: int
    run_id: str | None = None


@dataclass(slots=True)
class Lease:
    """Nodes that a run has."""

    cluster: str
    run_id: str
    nodes: tuple[str, ...]
    lost: str = ""
    """Why the run can't go on on them: a node is gone. Empty while all are there."""
    preempted: bool = False
    """They were taken back to be used elsewhere; the run may ask again."""
    deleted: bool = False
    """Somebody has deleted the cluster."""


@dataclass(slots=True)
class _Cluster:
    spec: ClusterSpec
    nodes: list[_Node] = field(default_factory=list)
    waiting: dict[str, int] = field(default_factory=dict)
    """Nodes wanted, by run, in the order they asked."""
    leases: dict[str, Lease] = field(default_factory=dict)


class Clusters:
    """All clusters. Safe to use from any thread.

    Nothing runs here: each call first brings the clusters up to the present.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._clusters: dict[str, _Cluster] = {}
        self._removed: set[str] = set()

    def put(self, spec: ClusterSpec) -> None:
        """Make a cluster, or change the bounds of the one that has this name."""
        with self._lock:
            self._removed.discard(spec.name)
            self._clusters.setdefault(spec.name, _Cluster(spec)).spec = spec
            self._advance(spec.name)

    def names(self) -> list[str]:
        """The names of all clusters."""
        with self._lock:
            return sorted(self._clusters)

    def status(self, name: str) -> ClusterStatus:
        """How a cluster stands; KeyError if there is none of this name."""
        with self._lock:
            cluster = self._advance(name)
            nodes = tuple(NodeStatus(node_id=n.id, state=n.state, run_id=n.run_id, port=n.port) for n in cluster.nodes)
            alive = [node for node in cluster.nodes if node.state in _ALIVE]
            return ClusterStatus(
                spec=cluster.spec,
                steady=all(node.state in _STEADY for node in cluster.nodes),
                target_nodes=len(alive),
                nodes=nodes,
            )

    def remove(self, name: str) -> None:
        """Delete a cluster: its runs lose their nodes, those that wait will hear of it. KeyError if there is none."""
        with self._lock:
            cluster = self._clusters.pop(name)
            self._removed.add(name)
            for lease in cluster.leases.values():
                lease.lost, lease.deleted = "the compute target was deleted", True

    def acquire(self, name: str, run_id: str, nodes: int) -> Lease | None:
        """Nodes for a run; None if it has to ask again later, which keeps its place in the queue.

        Raises ClusterError if the cluster can never have so many, or was deleted.
        """
        with self._lock:
            if name in self._removed:
                raise ClusterError("The compute target was deleted.")
            if name not in self._clusters:
                return None
            cluster = self._clusters[name]
            if nodes > cluster.spec.max_nodes:
                cluster.waiting.pop(run_id, None)
                raise ClusterError(
                    f"Requested {nodes} nodes but AzureMLCompute cluster only has "
                    f"{cluster.spec.max_nodes} maximum nodes."
                )
            if run_id not in cluster.leases:
                cluster.waiting[run_id] = nodes
            self._advance(name)
            return cluster.leases.get(run_id)

    def withdraw(self, name: str, run_id: str) -> None:
        """A run doesn't wait any more, or gives its nodes back. Harmless if it has none."""
        with self._lock:
            cluster = self._clusters.get(name)
            if cluster is None:
                return
            cluster.waiting.pop(run_id, None)
            cluster.leases.pop(run_id, None)
            for node in cluster.nodes:
                if node.run_id == run_id:
                    node.run_id = None
                    if node.state is NodeState.RUNNING:
                        node.state, node.until = NodeState.IDLE, self._clock()
            self._advance(name)

    def take_node(self, name: str, node_id: str | None, *, preempted: bool) -> str:
        """Take a node away, as `Faults.lose_node` and `Faults.preempt` say."""
        with self._lock:
            cluster = self._advance(name)
            if preempted and cluster.spec.priority != "lowpriority":
                raise ValueError("only low-priority nodes are preempted; those of this cluster are dedicated")
            candidates = [n for n in cluster.nodes if n.state in _ALIVE and node_id in {None, n.id}]
            if not candidates:
                raise KeyError("the cluster has no such node" if node_id else "the cluster has no node to lose")
            node = min(candidates, key=lambda n: n.state is not NodeState.RUNNING)
            node.state = NodeState.PREEMPTED if preempted else NodeState.UNUSABLE
            node.until = self._clock() + _SHOWN_AFTER_LOSS
            lease = cluster.leases.get(node.run_id or "")
            if lease is not None:
                lease.lost = f"the node {node.id} {'was preempted' if preempted else 'was lost'}"
                lease.preempted = preempted
            return node.id

    def _advance(self, name: str) -> _Cluster:
        """Bring a cluster up to the present."""
        cluster, now = self._clusters[name], self._clock()
        spec = cluster.spec
        for node in cluster.nodes:
            if node.state is NodeState.PREPARING and node.until <= now:
                node.state = NodeState.IDLE  # since `until`, when it came up
        gone = {NodeState.LEAVING, NodeState.UNUSABLE, NodeState.PREEMPTED}
        cluster.nodes = [n for n in cluster.nodes if n.state not in gone or n.until > now or n.run_id is not None]
        self._assign(cluster)
        alive = [node for node in cluster.nodes if node.state in _ALIVE]
        busy = sum(node.state is NodeState.RUNNING for node in alive)
        wanted = busy + sum(cluster.waiting.values())
        target = max(spec.min_nodes, min(spec.max_nodes, wanted))
        for _ in range(target - len(alive)):
            cluster.nodes.append(self._new_node(cluster, now))
        if spec.allocation_seconds == 0 and target > len(alive):
            return self._advance(name)
        self._shrink(cluster, alive, wanted, now)
        return cluster

    def _new_node(self, cluster: _Cluster, now: float) -> _Node:
        used = {node.port for node in cluster.nodes}
        port = next(port for port in range(_FIRST_PORT, _FIRST_PORT + len(used) + 1) if port not in used)
        until = now + cluster.spec.allocation_seconds
        return _Node(f"tvmps_{uuid.uuid4().hex}_d", NodeState.PREPARING, until, port)

    def _shrink(self, cluster: _Cluster, alive: list[_Node], wanted: int, now: float) -> None:
        """Let idle nodes go: at once those above the maximum, after their time those above the minimum."""
        spec, left = cluster.spec, len(alive)
        for node in alive:
            surplus = left > spec.max_nodes
            tired = left > max(spec.min_nodes, wanted) and node.until + spec.idle_seconds <= now
            if node.state is NodeState.IDLE and (surplus or tired):
                node.state, node.until = NodeState.LEAVING, now + spec.allocation_seconds / 2
                left -= 1

    def _assign(self, cluster: _Cluster) -> None:
        """Give idle nodes to those who wait. A run that wants many isn't overtaken by one that wants few."""
        for run_id, count in list(cluster.waiting.items()):
            idle = [node for node in cluster.nodes if node.state is NodeState.IDLE][:count]
            if len(idle) < count:
                return
            for node in idle:
                node.state, node.run_id = NodeState.RUNNING, run_id
            del cluster.waiting[run_id]
            cluster.leases[run_id] = Lease(cluster.spec.name, run_id, tuple(node.id for node in idle))


_ALIVE = frozenset({NodeState.PREPARING, NodeState.IDLE, NodeState.RUNNING})
_STEADY = frozenset({NodeState.IDLE, NodeState.RUNNING, NodeState.UNUSABLE})
