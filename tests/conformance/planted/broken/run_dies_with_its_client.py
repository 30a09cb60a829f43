"""The run belongs to the client's group of processes, and is killed with it."""

from trainferry_mill.plugin import Mill
from variants import changed_runner

CAUGHT_BY = "test_a_run_outlives_the_client_that_submitted_it"


class Broken(Mill):
    """The correct backend with this mistake."""

    runner = changed_runner("os.setsid()\n", "")
