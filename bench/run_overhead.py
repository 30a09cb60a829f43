"""`ferry run` of the recycling job against the same script started by hand in the same environment, as whole processes.

The environment is built before; both read the same photographs and run the same epochs.
"""

import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from pairs import cost, interleave, parser, process_environment, report, wall

TRAINING = Path(__file__).parent.parent / "training"
FERRY = Path(sys.executable).with_name("ferry")


def main() -> int:
    """Measure and report; 1 if the bound is missed."""
    options = parser(__doc__)
    options.add_argument("--epochs", type=int, default=10, help="epochs of each run")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        source = scratch / "training"
        shutil.copytree(TRAINING, source, ignore=shutil.ignore_patterns("tests", "outputs", "__pycache__"))
        flags = [
            "--set",
            f'arguments=["--data-path", "${{{{ datasets.waste_images }}}}", "--epochs", "{arguments.epochs}"]',
        ]
        ferry: list[str | Path] = [FERRY, "run", source / "job.yaml", *flags]
        python = environment_of(ferry)
        by_hand = scratch / "by-hand"
        by_hand.mkdir()
        data = source / "data" / "trashnet-sample"
        plain: list[str | Path] = [
            python, source / "train.py", "--data-path", data, "--epochs", str(arguments.epochs),
        ]  # fmt: skip
        seconds = interleave(
            {"by hand": partial(wall, plain, by_hand), "ferry run": partial(wall, ferry)}, arguments.pairs
        )
    figure = cost(
        "`ferry run` of the recycling job", "the script by hand", seconds["by hand"], seconds["ferry run"], 1.02
    )
    return report([figure], arguments.json)


def environment_of(ferry: list[str | Path]) -> str:
    """Run the job once, so that its environment is there, and return the interpreter that it ran with."""
    probe = "import sys; print('PYTHON', sys.executable)"
    folder = Path(str(ferry[2])).parent
    (folder / "probe.py").write_text(probe, encoding="utf-8")
    done = subprocess.run(
        [*ferry[:3], "--set", "script=probe.py", "--set", "arguments=[]"],
        env=process_environment(), check=True, capture_output=True, text=True,
    )  # fmt: skip
    (folder / "probe.py").unlink()
    line = next(line for line in done.stdout.splitlines() if line.startswith("PYTHON "))
    return line.removeprefix("PYTHON ")


if __name__ == "__main__":
    sys.exit(main())
