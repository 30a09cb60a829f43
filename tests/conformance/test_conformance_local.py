"""The conformance kit on the local backend."""

import pytest

from trainferry.testing import Target
from trainferry.testing.suite import *  # noqa: F403


@pytest.fixture(scope="module")
def backend_under_test() -> Target:
    """The local backend, with more slots than the kit has runs at once."""
    return Target("local", settings={"slots": 4, "grace_seconds": 1}, cancel_seconds=21, slow_seconds=0.5)
