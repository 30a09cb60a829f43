"""One Ray cluster for all tests of a session: a head and two more nodes on this machine, really started."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from trainferry.progress import silent
from trainferry_ray.own.cluster import OwnCluster
from trainferry_ray.settings import RaySettings

NODES = 3
NODE_CPUS = 4
"""More than this machine has: Ray only counts them, and the tests' runs mostly wait."""

_KEY = pytest.StashKey["RayCluster"]()


@dataclass(frozen=True, slots=True)
class RayCluster:
    """A running cluster, as a user knows one by its address."""

    address: str
    token_file: Path
    folder: Path
    """An empty folder for whoever wants one beside it."""

    def settings(self, storage: Path, *, shared: bool = True, **more: Any) -> dict[str, Any]:
        """The table `[backends.ray]` for it; with `shared` the client sees what the nodes see."""
        return {
            "address": self.address,
            "token_file": str(self.token_file),
            "storage": str(storage),
            "shared": ["/"] if shared else [],
            "grace_seconds": 1,
            **more,
        }


def the_cluster(config: pytest.Config) -> RayCluster:
    """The cluster of this session, started when it is first asked for and stopped when the session ends."""
    if _KEY not in config.stash:
        home = Path(tempfile.mkdtemp(prefix="trainferry-tests-ray-"))
        own = OwnCluster(
            home / "cluster",
            RaySettings(nodes=NODES, node_cpus=NODE_CPUS, node_memory_mb=80, idle_seconds=0),
        )
        config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))  # the last added is called first
        config.add_cleanup(own.stop)
        record = own.start(silent)
        config.stash[_KEY] = RayCluster(record["address"], home / "cluster" / "token", home)
    return config.stash[_KEY]
