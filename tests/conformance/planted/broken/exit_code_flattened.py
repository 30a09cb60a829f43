"""Every failure has exit code 1."""

from trainferry_mill.plugin import Mill
from variants import changed_runner

CAUGHT_BY = "test_the_exit_code_is_told"


class Broken(Mill):
    """The correct backend with this mistake."""

    runner = changed_runner('"exit_code": code', '"exit_code": min(code, 1)')
