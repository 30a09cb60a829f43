"""The script's variables stand at the top of its log."""

from trainferry_mill.plugin import Mill
from variants import changed_runner

CAUGHT_BY = "test_no_log_shows_a_secret"


PRINT = "    log.write(str(request['variables']).encode() + b'\\n'); log.flush()\n"


class Broken(Mill):
    """The correct backend with this mistake."""

    runner = changed_runner(
        'with (run / "log").open("ab") as log:\n', f'with (run / "log").open("ab") as log:\n{PRINT}'
    )
