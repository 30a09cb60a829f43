"""What plugins cost: listing them with `ferry backends`, and calling their hooks through the facade.

Listing is measured with three and with thirty installed distributions that bring a backend each; a module of theirs
ends the process if it is imported. A call is measured against the plugin's method called directly, on a backend that
answers at once, so that nothing but the way is timed.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pairs import Figure, cost, interleave, parser, process_environment, report
from trainferry.backend import Backend
from trainferry.hookspecs import hookimpl
from trainferry.specs import RunState, RunStatus

FERRY = Path(sys.executable).with_name("ferry")
FEW, MANY = 3, 30
CALLS = 20_000
"""Calls that one sample is the mean of."""
STATUS = RunStatus(RunState.RUNNING)


class Ready:
    """A backend that answers at once."""

    interface_version = 1

    @hookimpl
    def poll(self, refs: list[str]) -> dict[str, RunStatus]:
        """Tell the same of every run."""
        return dict.fromkeys(refs, STATUS)


def main() -> int:
    """Measure and report; 1 if a bound is missed."""
    options = parser(__doc__)
    options.set_defaults(pairs=15)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        ways = {f"{count} plugins": partial(listing, install(scratch / str(count), count)) for count in (FEW, MANY)}
        seconds = interleave(ways, arguments.pairs)
    listed = cost(
        f"`ferry backends` with {MANY} plugins, none imported",
        f"with {FEW}",
        seconds[f"{FEW} plugins"],
        seconds[f"{MANY} plugins"],
        at_most=1.3,
    )
    return report([listed, facade(arguments.pairs)], arguments.json)


def install(folder: Path, count: int) -> Path:
    """Make a folder with so many distributions in it, as an installer leaves them."""
    for number in range(count):
        metadata = folder / f"trainferry_plugin_{number}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: trainferry-plugin-{number}\nVersion: 1.0\n")
        points = f"[trainferry.backends]\nplugin-{number} = trainferry_plugin_{number}:Plugin\n"
        (metadata / "entry_points.txt").write_text(points)
        (folder / f"trainferry_plugin_{number}.py").write_text("import os\nos._exit(3)\n")
    return folder


def listing(folder: Path) -> float:
    """Seconds of one `ferry backends`, which must list every plugin of the folder."""
    environment = process_environment() | {"PYTHONPATH": str(folder)}
    start = time.perf_counter()
    done = subprocess.run([FERRY, "backends"], env=environment, check=True, capture_output=True, text=True)
    took = time.perf_counter() - start
    if done.stdout.count("trainferry-plugin-") != len(list(folder.glob("*.dist-info"))):
        raise SystemExit(f"not all are listed:\n{done.stdout}")
    return took


def facade(pairs: int) -> Figure:
    """Microseconds that a call through the facade takes on top of the same call made directly."""
    plugin, refs = Ready(), ["a"]
    backend = Backend("ready", plugin)
    ways = {
        "directly": partial(mean_of, lambda: plugin.poll(refs)),
        "through the facade": partial(mean_of, lambda: backend.poll(refs)),
    }
    seconds = interleave(ways, pairs)
    extra = zip(seconds["through the facade"], seconds["directly"], strict=True)
    microseconds = tuple((ours - base) * 1e6 for ours, base in extra)
    return Figure("a hook call through the facade", "the method called directly", "µs", microseconds, at_most=20)


def mean_of(call: Callable[[], object]) -> float:
    """Mean seconds of one of many calls."""
    start = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - start) / CALLS


if __name__ == "__main__":
    sys.exit(main())
