"""The job's timeout is not looked at."""

from trainferry_mill.plugin import Mill
from variants import changed_runner

CAUGHT_BY = "test_a_run_that_takes_too_long_is_ended_and_says_so"


class Broken(Mill):
    """The correct backend with this mistake."""

    runner = changed_runner('script.wait(request["timeout"])', "script.wait()")
