"""A failure is told without the last lines of its log."""

from trainferry_mill.plugin import Mill
from variants import changed_runner

CAUGHT_BY = "test_the_reason_ends_with_the_last_lines_of_the_log"


class Broken(Mill):
    """The correct backend with this mistake."""

    runner = changed_runner(", *tail])", "])")
