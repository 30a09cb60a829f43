"""How long the command line takes to start, against `python -c pass` in the same environment of 100 distributions.

"Up to its first own line of work" is where a command that reads a job starts to look at it: when the module with the
checks is imported, after the arguments, the job file and the settings are read. The process is ended right there, from
outside, by a hook on imports.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pairs import cost, interleave, parser, process_environment, report

FERRY = Path(sys.executable).with_name("ferry")
DISTRIBUTIONS = 100
STOP = """
import os, sys

class Stop:
    def find_spec(self, name, path=None, target=None):
        if name == "trainferry.checks":
            os._exit(2)

sys.meta_path.insert(0, Stop())
"""
"""A sitecustomize module that ends the process where the checks begin."""


def main() -> int:
    """Measure and report; 1 if a bound is missed."""
    options = parser(__doc__)
    options.set_defaults(pairs=15)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        crowd(scratch / "crowd")
        (scratch / "job.yaml").write_text("name: j\nscript: train.py\nenvironment: current\n", encoding="utf-8")
        (scratch / "train.py").write_text("print('hello')\n", encoding="utf-8")
        (scratch / "stop").mkdir()
        (scratch / "stop" / "sitecustomize.py").write_text(STOP, encoding="utf-8")
        ways: dict[str, tuple[list[str | Path], str, int]] = {
            "python -c pass": ([sys.executable, "-c", "pass"], "crowd", 0),
            "ferry --help": ([FERRY, "--help"], "crowd", 0),
            "ferry backends": ([FERRY, "backends"], "crowd", 0),
            "a job is read": ([FERRY, "check", "job.yaml"], "crowd:stop", 2),
        }
        timed = {name: partial(wall, *way, scratch) for name, way in ways.items()}
        seconds = interleave(timed, arguments.pairs)
    base = seconds["python -c pass"]
    against = "`python -c pass`"
    figures = [
        cost("`ferry --help`", against, base, seconds["ferry --help"], at_most=5),
        cost(f"`ferry backends`, {DISTRIBUTIONS} distributions", against, base, seconds["ferry backends"], at_most=5),
        cost("a command that reads a job, up to its own work", against, base, seconds["a job is read"], at_most=15),
    ]
    return report(figures, arguments.json)


def crowd(folder: Path) -> None:
    """A folder of installed distributions, as far as a search for entry points can tell."""
    for number in range(DISTRIBUTIONS):
        metadata = folder / f"crowd_{number}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: crowd-{number}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[console_scripts]\ncrowd-{number} = crowd_{number}:main\n")


def wall(command: Sequence[str | Path], path: str, code: int, folder: Path) -> float:
    """Seconds that a process takes with these folders of `folder` on its path; it must end with `code`."""
    extra = ":".join(str(folder / part) for part in path.split(":"))
    environment = process_environment() | {"PYTHONPATH": extra, "TRAINFERRY_HOME": str(folder / "state")}
    start = time.perf_counter()
    with Path(os.devnull).open("wb") as nowhere:
        done = subprocess.run(command, cwd=folder, env=environment, stdout=nowhere, stderr=nowhere, check=False)
    took = time.perf_counter() - start
    if done.returncode != code:
        raise SystemExit(f"{command} ended with {done.returncode}, not {code}")
    return took


if __name__ == "__main__":
    sys.exit(main())
