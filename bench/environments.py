"""Building an environment with the packages cached, and using one that is there, on the local backend.

Against `uv venv` and `uv pip install` typed by hand, into a fresh folder each time; and, for the reuse, against
`python -c pass`. With `--first-run` it also measures what compiling at build time would move: build and first import
together, with and without `--compile-bytecode` (the decision page on environments quotes the figures).
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from itertools import count
from pathlib import Path

from uv import find_uv_bin

from pairs import Figure, cost, interleave, parser, process_environment, report, wall
from trainferry.progress import silent
from trainferry.specs import EnvironmentSpec
from trainferry_local.environments import build, environment_of

NUMBERS = count()


def main() -> int:
    """Measure and report; 1 if a bound is missed."""
    options = parser(__doc__)
    options.add_argument("--packages", nargs="+", default=["tensorflow==2.21.0", "pillow"], help="what to install")
    options.add_argument("--import", dest="module", default="tensorflow", help="what a first run imports")
    options.add_argument("--first-run", action="store_true", help="also measure build and first import together")
    arguments = options.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    packages: list[str] = arguments.packages
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        seconds = interleave(
            {"uv by hand": partial(by_hand, scratch, packages), "ferry": partial(by_ferry, scratch, packages)},
            arguments.pairs,
        )
        what, against = f"environment build ({', '.join(packages)}), packages cached", "uv venv + uv pip install"
        figures = [cost(what, against, seconds["uv by hand"], seconds["ferry"], at_most=1.1)]
        figures.append(reuse(scratch, packages, arguments.pairs))
        if arguments.first_run:
            figures.append(first_run(scratch, packages, arguments.module, arguments.pairs))
    return report(figures, arguments.json)


def by_hand(scratch: Path, packages: list[str], *, compiling: bool = False, keep: bool = False) -> float:
    """Seconds of uv's two commands."""
    folder = scratch / f"hand-{next(NUMBERS)}"
    uv, python = find_uv_bin(), folder / "bin" / "python"
    flags = ["--compile-bytecode"] if compiling else []
    took = wall([uv, "venv", "--python", sys.executable, folder], scratch)
    took += wall([uv, "pip", "install", "--python", python, *flags, *packages], scratch)
    if not keep:
        shutil.rmtree(folder)
    return took


def by_ferry(scratch: Path, packages: list[str]) -> float:
    """Seconds of the backend's build, in this process, into a cache of its own."""
    cache = scratch / f"ferry-{next(NUMBERS)}"
    environment = environment_of(EnvironmentSpec(pip=tuple(packages)), cache, scratch)
    start = time.perf_counter()
    build(environment, silent)
    took = time.perf_counter() - start
    shutil.rmtree(cache)
    return took


def reuse(scratch: Path, packages: list[str], pairs: int) -> Figure:
    """Finding out that an environment is there, and starting its interpreter, against starting one."""
    environment = environment_of(EnvironmentSpec(pip=tuple(packages)), scratch / "kept", scratch)
    build(environment, silent)
    plain: list[str | Path] = [environment.python, "-c", "pass"]

    def again() -> float:
        start = time.perf_counter()
        build(environment_of(EnvironmentSpec(pip=tuple(packages)), scratch / "kept", scratch), silent)
        return time.perf_counter() - start + wall(plain)

    seconds = interleave({"python -c pass": partial(wall, plain), "ferry": again}, pairs)
    return cost("environment reuse", "python -c pass", seconds["python -c pass"], seconds["ferry"], at_most=1.3)


def first_run(scratch: Path, packages: list[str], module: str, pairs: int) -> Figure:
    """Build and first import, compiled while building, over the same compiled while importing."""

    def whole(*, compiling: bool) -> float:
        took = by_hand(scratch, packages, compiling=compiling, keep=True)
        (folder,) = scratch.glob("hand-*")
        start = time.perf_counter()
        command: list[str | Path] = [folder / "bin" / "python", "-c", f"import {module}"]
        subprocess.run(command, env=process_environment(), check=True, capture_output=True)
        took += time.perf_counter() - start
        shutil.rmtree(folder)
        return took

    ways = {"as imported": partial(whole, compiling=False), "at build": partial(whole, compiling=True)}
    seconds = interleave(ways, pairs)
    what = "build and first import, compiled at build"
    return cost(what, "compiled as imported", seconds["as imported"], seconds["at build"])


if __name__ == "__main__":
    sys.exit(main())
