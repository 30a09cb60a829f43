"""From `ferry new-backend` to a green conformance kit: written, installed into a new environment, all tests run.

The environment is made anew each time; packages come from the installer's cache after the first.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from uv import find_uv_bin

from pairs import Figure, interleave, parser, process_environment, report
from trainferry.scaffold import TEMPLATE

FERRY = Path(sys.executable).with_name("ferry")
CORE = Path(__file__).parent.parent / "core"


def main() -> int:
    """Measure and report; 1 if a bound is missed."""
    options = parser(__doc__)
    options.set_defaults(pairs=3)
    arguments = options.parse_args()
    seconds = interleave({"new-backend to green": to_green}, arguments.pairs)["new-backend to green"]
    plugin = TEMPLATE / "src" / "trainferry_newbackend" / "plugin.py"
    lines = float(len(plugin.read_text(encoding="utf-8").splitlines()))
    figures = [
        Figure("`ferry new-backend` to a green conformance kit", "none", "s", tuple(seconds), at_most=120),
        Figure("the backend that it writes", "none", "lines", (lines,), at_most=100),
    ]
    return report(figures, arguments.json)


def to_green() -> float:
    """Seconds until the kit has passed on a backend that was not there before."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.perf_counter()
        run([FERRY, "new-backend", "mill"], folder)
        run([find_uv_bin(), "venv", "--quiet", "--python", sys.executable, "venv"], folder)
        python = folder / "venv" / "bin" / "python"
        own: list[str | Path] = [CORE, f"{folder / 'trainferry-mill'}[test]"]
        run([find_uv_bin(), "pip", "install", "--quiet", "--python", python, *own], folder)
        run([python, "-m", "pytest", "-q"], folder / "trainferry-mill")
        return time.perf_counter() - start


def run(command: list[str | Path], folder: Path) -> None:
    """Run one command to its end; what it printed is shown if it fails."""
    done = subprocess.run(command, cwd=folder, env=process_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
