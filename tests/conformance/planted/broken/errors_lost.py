"""What the script writes to stderr goes nowhere."""

from trainferry_mill.plugin import Mill
from variants import changed_runner

CAUGHT_BY = "test_every_line_is_there_once_and_in_order"


class Broken(Mill):
    """The correct backend with this mistake."""

    runner = changed_runner("stderr=log", "stderr=subprocess.DEVNULL")
