"""Every run that ends by itself is a success."""

from trainferry_mill.plugin import Mill
from variants import changed_runner

CAUGHT_BY = "test_an_exit_code_that_is_not_zero_is_a_failed_run"


class Broken(Mill):
    """The correct backend with this mistake."""

    runner = changed_runner('"failed" if code else "completed"', '"completed"')
