"""The conformance kit: the promises that every backend keeps, as tests that the author of a backend runs on theirs.

It needs pytest, which `trainferry-core[testing]` brings. In a project of its own::

    # conftest.py
    pytest_plugins = ["trainferry.testing.plugin"]

    # test_conformance.py
    import pytest
    from trainferry.testing import Target
    from trainferry.testing.suite import *

    @pytest.fixture(scope="module")
    def backend_under_test():
        return Target("mill")

or, without any file, `pytest -p trainferry.testing.plugin --pyargs trainferry.testing.suite --trainferry-backend mill`.
"""

import pytest

pytest.register_assert_rewrite("trainferry.testing.promises", "trainferry.testing.suite", "trainferry.testing.kit")

from trainferry.testing.requirements import requires  # noqa: E402  (what is imported now has its asserts rewritten)
from trainferry.testing.target import Target  # noqa: E402

__all__ = ["Target", "requires"]
