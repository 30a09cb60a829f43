"""What the Ray backend's tests share: one real cluster, and clients that see its disk, or don't."""

import pytest

from ray_cluster import RayCluster, the_cluster
from ray_lab import Lab


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> RayCluster:
    """A head and two more nodes."""
    return the_cluster(request.config)


@pytest.fixture(scope="module")
def near(cluster: RayCluster, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A client that sees what the nodes see."""
    folder = tmp_path_factory.mktemp("near")
    return Lab(folder, cluster.settings(folder / "storage"))


@pytest.fixture(scope="module")
def far(cluster: RayCluster, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A client that reaches the cluster through its job service alone."""
    folder = tmp_path_factory.mktemp("far")
    return Lab(folder, cluster.settings(folder / "storage", shared=False))
