"""The options of the command line."""

import argparse
from pathlib import Path
from typing import NoReturn

from azureml_emulator.places import default_state
from azureml_emulator.server.settings import LOCATION

ACTIONS = {
    "start": "run it until Ctrl-C (the default)",
    "env": 'print the variables that point azureml-core at the running one, for a shell: eval "$(... env)"',
    "status": "say whether one is running, and where",
    "stop": "end the running one",
    "reset": "delete all that it knows; it must not be running",
    "fault": "let something go wrong in the running one",
    "faults": "list the faults in force and how often each struck; --clear takes them back",
}
_EPILOG = """actions:
{actions}

examples:
  {prog} &                              start it
  eval "$({prog} env)"                  point this shell's azureml-core at it
  {prog} fault throttle --count 3       answer 429 to the next three requests
  {prog} fault error --probability 0.2 --seed 7 --service history
  {prog} faults --clear                 everything works again
"""


class Parser(argparse.ArgumentParser):
    """argparse, with errors of two lines."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit with 2."""
        self.exit(2, f"{self.prog}: {message}\n  '{self.prog} --help' shows the options\n")


def parser(prog: str) -> Parser:
    """The parser of the whole command line."""
    width = max(map(len, ACTIONS)) + 2
    actions = "\n".join(f"  {name:<{width}}{meaning}" for name, meaning in ACTIONS.items())
    made = Parser(
        prog=prog,
        description="Azure Machine Learning on this machine: azureml-core talks to it, submitted scripts really run.",
        epilog=_EPILOG.format(actions=actions, prog=prog),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("action", nargs="?", default="start", choices=list(ACTIONS), metavar="ACTION", help="see below")
    made.add_argument("kind", nargs="?", metavar="KIND", help="kind of a fault; 'faults' lists them")
    made.add_argument(
        "--state",
        type=Path,
        default=default_state(),
        metavar="FOLDER",
        help="where all that it knows is kept (%(default)s)",
    )
    made.add_argument("--json", action="store_true", help="print one JSON document")
    _start_options(made)
    _fault_options(made)
    return made


def _start_options(made: Parser) -> None:
    group = made.add_argument_group("start")
    group.add_argument("--port", type=int, default=0, help="port of the services (that of last time, or a free one)")
    group.add_argument("--blob-port", type=int, default=0, help="port of blob storage (likewise)")
    group.add_argument("--detach", action="store_true", help="return when it is ready, and leave it running")
    group.add_argument("--workspace", default="emulated", help="workspace that is there from the start (%(default)s)")
    group.add_argument("--resource-group", default="emulated", help="its resource group (%(default)s)")
    group.add_argument("--location", default=LOCATION, help="its region (%(default)s)")
    group.add_argument(
        "--log-layout", choices=["user_logs", "azureml-logs"], default="user_logs", help="names of a run's logs"
    )
    group.add_argument("--allocation-seconds", type=float, default=0.2, help="how long a node takes to come up")
    group.add_argument("--token-seconds", type=float, default=24 * 3600.0, help="how long a token is good")
    group.add_argument("--end-with-input", action="store_true", help="end when standard input does")


def _fault_options(made: Parser) -> None:
    group = made.add_argument_group("fault, faults")
    group.add_argument("--service", help="service whose requests are meant, such as history or blob (all)")
    group.add_argument("--method", action="append", dest="methods", help="HTTP method that is meant (all); repeatable")
    group.add_argument("--path", help="pattern of the paths that are meant, with * for any text (all)")
    group.add_argument("--target", help="pattern of the name of what is meant: compute target, size, environment (all)")
    group.add_argument("--probability", type=float, help="how likely it strikes, 0 to 1 (1)")
    group.add_argument("--count", type=int, help="how often it strikes at most (no limit)")
    group.add_argument("--after", type=int, help="how many pass before the first strike (0)")
    group.add_argument("--seed", type=int, help="of the chance: the same one strikes the same requests (0)")
    group.add_argument("--seconds", type=float, help="of Retry-After, of the wait, of the clock (1)")
    group.add_argument("--status", type=int, help="status of the answer (429 or 500)")
    group.add_argument("--bytes", type=int, help="of the answer before the connection drops; room on the disk (16)")
    group.add_argument("--clear", action="store_true", help="take all faults back")


FAULT_CONDITIONS = (
    "service", "methods", "path", "target", "probability", "count", "after", "seed", "seconds", "status", "bytes",
)  # fmt: skip
