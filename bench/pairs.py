"""Timing in interleaved pairs: what each benchmark of this folder is built from.

Two ways of doing the same thing are run in turn, again and again, so that a machine that gets slower or busier meets
both alike. Each pair gives one ratio; the figure is the median of the ratios, shown with the smallest and the
largest one.

A benchmark reads like this::

    seconds = interleave({"peer": run_peer, "ours": run_ours}, pairs=arguments.pairs)
    figures = [speedup("epoch", "the peer's script", seconds["peer"], seconds["ours"], at_least=1.22)]
    sys.exit(report(figures, arguments.json))
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure: a sample for each pair, and the bound that its median should keep."""

    what: str
    """What was measured, as in the README's table."""
    against: str
    """What it is compared with."""
    unit: str
    """Unit of the samples: `x` for a ratio, else s, ms, jobs/s, MiB..."""
    samples: tuple[float, ...]
    """One value for each pair, in the order they were taken."""
    at_least: float | None = None
    """The median should not be below this."""
    at_most: float | None = None
    """The median should not be above this."""

    @property
    def median(self) -> float:
        """Median of the samples, in `unit`."""
        return statistics.median(self.samples)

    @property
    def met(self) -> bool:
        """Whether the median keeps every bound that was set."""
        low = self.at_least is None or self.median >= self.at_least
        high = self.at_most is None or self.median <= self.at_most
        return low and high

    @property
    def target(self) -> str:
        """The bound in words, such as `>= 1.22 x`."""
        bounds = [f">= {self.at_least:g} {self.unit}"] if self.at_least is not None else []
        bounds += [f"<= {self.at_most:g} {self.unit}"] if self.at_most is not None else []
        return " and ".join(bounds) or "none"


def interleave(ways: Mapping[str, Callable[[], float]], pairs: int, warm_up: bool = True) -> dict[str, list[float]]:
    """Run every way once a round for `pairs` rounds; returns the seconds of each way, by name.

    A way is a function that returns its own seconds (see `wall` for a whole process). The order turns round with each
    round, so that no way is always the one that runs after the other. `warm_up` runs each way once before, not counted.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(-1 if warm_up else 0, pairs):
        order = list(ways) if number % 2 == 0 else list(ways)[::-1]
        for name in order:
            took = ways[name]()
            label = "warm-up" if number < 0 else f"pair {number + 1} of {pairs}"
            print(f"  {label}: {name} {took:.4g} s", file=sys.stderr, flush=True)
            if number >= 0:
                seconds[name].append(took)
    return seconds


def wall(command: Sequence[str | Path], cwd: Path | None = None) -> float:
    """Seconds that a whole process takes from start to end; raises CalledProcessError with its output if it fails."""
    start = time.perf_counter()
    subprocess.run(command, cwd=cwd, env=process_environment(), check=True, capture_output=True, text=True)
    return time.perf_counter() - start


def process_environment() -> dict[str, str]:
    """This process's variables, but with compiled modules kept: without them each start compiles TensorFlow again."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def speedup(
    what: str, against: str, baseline: Sequence[float], ours: Sequence[float], at_least: float | None = None
) -> Figure:
    """How many times faster ours is: the baseline's seconds over ours, pair by pair."""
    ratios = tuple(b / o for b, o in zip(baseline, ours, strict=True))
    return Figure(what, against, "x", ratios, at_least=at_least)


def cost(
    what: str, against: str, baseline: Sequence[float], ours: Sequence[float], at_most: float | None = None
) -> Figure:
    """How many times the baseline's seconds ours takes, pair by pair."""
    ratios = tuple(o / b for b, o in zip(baseline, ours, strict=True))
    return Figure(what, against, "x", ratios, at_most=at_most)


def extra_ms(
    what: str, against: str, baseline: Sequence[float], ours: Sequence[float], at_most: float | None = None
) -> Figure:
    """Milliseconds that ours takes on top of the baseline, pair by pair."""
    return Figure(
        what, against, "ms", tuple((o - b) * 1000 for b, o in zip(baseline, ours, strict=True)), at_most=at_most
    )


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options that every benchmark takes: --pairs and --json."""
    result = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter, allow_abbrev=False
    )
    result.add_argument("--pairs", type=int, default=5, help="pairs to run; the figure is their median")
    result.add_argument("--json", type=Path, metavar="OUT", help="file to write the figures to")
    return result


def report(figures: Sequence[Figure], out: Path | None = None) -> int:
    """Print the figures as a table, write them to `out` as JSON; returns 0, or 1 if one misses its bound."""
    print(table(figures))
    if out is not None:
        part = out.with_name(out.name + ".part")
        part.write_text(json.dumps({"machine": machine(), "figures": [_as_dict(f) for f in figures]}, indent=2) + "\n")
        part.replace(out)
    return 0 if all(figure.met for figure in figures) else 1


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table, with a line on the machine below."""
    head = ["what", "against", "median", "min to max", "target", "met"]
    rows = [
        [
            figure.what,
            figure.against,
            f"{figure.median:.3g} {figure.unit}",
            f"{min(figure.samples):.3g} to {max(figure.samples):.3g} (n={len(figure.samples)})",
            figure.target,
            "yes" if figure.met else "NO",
        ]
        for figure in figures
    ]
    lines = [head, ["---"] * len(head), *rows]
    about = ", ".join(f"{key} {value}" for key, value in machine().items())
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + f"\n\nMeasured with: {about}."


def machine() -> dict[str, str | int | float]:
    """What a figure depends on besides the code: time, cores, load (processes, last minute), system, Python."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count() or 1,
        "load": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _as_dict(figure: Figure) -> dict[str, object]:
    return {
        "what": figure.what,
        "against": figure.against,
        "unit": figure.unit,
        "median": figure.median,
        "samples": list(figure.samples),
        "target": figure.target,
        "met": figure.met,
    }
