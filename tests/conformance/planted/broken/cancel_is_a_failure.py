"""A run that was canceled says that it failed."""

from trainferry_mill.plugin import Mill
from variants import changed_runner

CAUGHT_BY = "test_a_canceled_run_says_so"


class Broken(Mill):
    """The correct backend with this mistake."""

    runner = changed_runner('"canceled" if (run / "cancel").exists() else ', "")
