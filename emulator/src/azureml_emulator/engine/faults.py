"""Faults on demand: what goes wrong in a cloud, when asked for."""

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azureml_emulator.engine.clusters import Clusters


class Faults:
    """Makes builds, nodes and disks fail. Safe to use from any thread."""

    def __init__(self, clusters: "Clusters") -> None:
        self._clusters = clusters
        self._lock = threading.Lock()
        self._builds: list[tuple[str, str]] = []
        self._disks: dict[str, int] = {}

    def fail_builds(self, message: str, times: int = 1, key: str = "") -> None:
        """Have the next builds fail with this line in their log, even of images that are ready.

        With a `key`, only builds of the image that has it (`Image.key`).
        """
        with self._lock:
            self._builds += [(key, message)] * times

    def take_build_failure(self, key: str) -> str | None:
        """The message that a build of this image has to fail with; asking uses it up."""
        with self._lock:
            found = next((one for one in self._builds if one[0] in {"", key}), None)
            if found is None:
                return None
            self._builds.remove(found)
            return found[1]

    def lose_node(self, cluster: str, node_id: str | None = None) -> str:
        """Lose a node, one that runs something if there is any: its run fails. Returns its id.

        KeyError if there is no such cluster or node.
        """
        return self._clusters.take_node(cluster, node_id, preempted=False)

    def preempt(self, cluster: str, node_id: str | None = None) -> str:
        """Take a low-priority node back: its run is queued again. Returns its id.

        KeyError if there is no such cluster or node, ValueError if the cluster is a dedicated one.
        """
        return self._clusters.take_node(cluster, node_id, preempted=True)

    def fill_disk(self, cluster: str, capacity: int | None) -> None:
        """Let the disks of runs that start from now on hold only so many bytes; None takes the limit away."""
        with self._lock:
            self._disks.pop(cluster, None)
            if capacity is not None:
                self._disks[cluster] = capacity

    def disk_of(self, cluster: str) -> int | None:
        """The bytes that a run's disk on this cluster holds; None for no limit."""
        with self._lock:
            return self._disks.get(cluster)
