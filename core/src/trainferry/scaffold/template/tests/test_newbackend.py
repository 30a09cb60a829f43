"""The conformance kit of Trainferry on this backend: every promise that a backend keeps."""

import pytest

from trainferry.testing import Target
from trainferry.testing.suite import *  # noqa: F403


@pytest.fixture(scope="module")
def backend_under_test() -> Target:
    """Tell the kit what to test, and what it needs to know of it: settings, an environment, how patient to be."""
    return Target("newbackend")
