"""Clusters by a clock that the test sets: allocation, idle time, resizing, loss."""

import pytest

from azureml_emulator.engine.clusters import ClusterError, Clusters
from azureml_emulator.engine.contract import ClusterSpec, NodeState


class Clock:
    """Seconds, as many as the test says."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still unless it is set."""
    return Clock()


@pytest.fixture
def clusters(clock: Clock) -> Clusters:
    """A cluster `c` of up to two nodes, which take 10 s to come up and are kept idle for 100 s."""
    clusters = Clusters(clock)
    clusters.put(ClusterSpec(name="c", max_nodes=2, idle_seconds=100, allocation_seconds=10))
    return clusters


def states(clusters: Clusters) -> list[str]:
    """The states of all nodes of `c`."""
    return sorted(node.state.value for node in clusters.status("c").nodes)


def test_a_node_comes_up_when_it_is_wanted_and_leaves_when_it_is_idle(clusters: Clusters, clock: Clock) -> None:
    assert states(clusters) == []
    assert clusters.acquire("c", "run", 1) is None
    assert states(clusters) == ["preparing"]
    assert not clusters.status("c").steady
    assert (clusters.status("c").target_nodes, clusters.status("c").current_nodes) == (1, 0)
    clock.now += 9
    assert clusters.acquire("c", "run", 1) is None
    clock.now += 1
    lease = clusters.acquire("c", "run", 1)
    assert lease is not None
    assert [node.run_id for node in clusters.status("c").nodes] == ["run"]
    assert clusters.status("c").steady
    clock.now += 1000
    assert states(clusters) == ["running"]
    clusters.withdraw("c", "run")
    assert states(clusters) == ["idle"]
    clock.now += 99
    assert states(clusters) == ["idle"]
    clock.now += 1
    assert states(clusters) == ["leaving"]
    assert clusters.status("c").counts()["leavingNodeCount"] == 1
    clock.now += 5
    assert states(clusters) == []


def test_an_idle_node_is_used_again(clusters: Clusters, clock: Clock) -> None:
    clusters.acquire("c", "first", 1)
    clock.now += 10
    first = clusters.acquire("c", "first", 1)
    clusters.withdraw("c", "first")
    clock.now += 50
    second = clusters.acquire("c", "second", 1)
    assert first is not None
    assert second is not None
    assert first.nodes == second.nodes


def test_runs_get_nodes_in_the_order_they_asked(clusters: Clusters, clock: Clock) -> None:
    assert clusters.acquire("c", "one", 1) is None
    clock.now += 10
    assert clusters.acquire("c", "one", 1)
    assert clusters.acquire("c", "both", 2) is None
    assert clusters.acquire("c", "late", 1) is None
    clock.now += 10
    assert clusters.acquire("c", "late", 1) is None, "else the run that wants two might wait for ever"
    clusters.withdraw("c", "one")
    assert clusters.acquire("c", "both", 2)
    clusters.withdraw("c", "both")
    assert clusters.acquire("c", "late", 1)


def test_a_minimum_is_kept_up(clusters: Clusters, clock: Clock) -> None:
    clusters.put(ClusterSpec(name="c", min_nodes=1, max_nodes=2, idle_seconds=0, allocation_seconds=10))
    assert states(clusters) == ["preparing"]
    clock.now += 10_000
    assert states(clusters) == ["idle"]
    clusters.put(ClusterSpec(name="c", min_nodes=0, max_nodes=0, allocation_seconds=10))
    assert states(clusters) == ["leaving"]


def test_a_request_that_can_never_be_met(clusters: Clusters) -> None:
    with pytest.raises(ClusterError, match="Requested 3 nodes but AzureMLCompute cluster only has 2 maximum nodes"):
        clusters.acquire("c", "run", 3)
    assert states(clusters) == []


def test_a_lost_node(clusters: Clusters, clock: Clock) -> None:
    clusters.acquire("c", "run", 2)
    clock.now += 10
    lease = clusters.acquire("c", "run", 2)
    assert lease is not None
    lost = clusters.take_node("c", None, preempted=False)
    assert lost in lease.nodes
    assert lost in lease.lost
    assert not lease.preempted
    assert states(clusters) == ["running", "unusable"]
    clusters.withdraw("c", "run")
    clock.now += 10
    assert states(clusters) == ["idle"]


def test_only_low_priority_nodes_are_preempted(clusters: Clusters, clock: Clock) -> None:
    with pytest.raises(ValueError, match="dedicated"):
        clusters.take_node("c", None, preempted=True)
    clusters.put(ClusterSpec(name="c", max_nodes=2, allocation_seconds=10, priority="lowpriority"))
    with pytest.raises(KeyError, match="no node"):
        clusters.take_node("c", None, preempted=True)
    clusters.acquire("c", "run", 1)
    clock.now += 10
    lease = clusters.acquire("c", "run", 1)
    assert lease is not None
    assert clusters.take_node("c", lease.nodes[0], preempted=True) == lease.nodes[0]
    assert lease.preempted
    assert [node.state for node in clusters.status("c").nodes] == [NodeState.PREEMPTED]
    clusters.withdraw("c", "run")
    assert clusters.acquire("c", "run", 1) is None
    clock.now += 10
    again = clusters.acquire("c", "run", 1)
    assert again is not None
    assert again.nodes != lease.nodes


def test_a_deleted_cluster(clusters: Clusters, clock: Clock) -> None:
    clusters.acquire("c", "run", 1)
    clock.now += 10
    lease = clusters.acquire("c", "run", 1)
    assert lease is not None
    clusters.remove("c")
    assert lease.deleted
    with pytest.raises(ClusterError, match="deleted"):
        clusters.acquire("c", "other", 1)
    clusters.withdraw("c", "run")
    assert clusters.names() == []
    with pytest.raises(KeyError):
        clusters.status("c")
    assert clusters.acquire("unheard-of", "run", 1) is None, "it may be made later"
