"""The conformance kit on the Ray backend: a cluster of three nodes, known by its address."""

import pytest

from ray_cluster import the_cluster
from trainferry.testing import Target
from trainferry.testing.suite import *  # noqa: F403


@pytest.fixture(scope="module")
def backend_under_test(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Target:
    """A cluster whose nodes share the disk with the client."""
    cluster = the_cluster(request.config)
    settings = cluster.settings(tmp_path_factory.mktemp("ray-storage"))
    return Target("ray", settings=settings, pace=0.1, cancel_seconds=30, slow_seconds=2, patience=120)
