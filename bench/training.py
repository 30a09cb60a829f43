"""Training: the tutorial's script against training/train.py, by the epoch and as whole processes.

The epochs are those after the first. `floor` is the same model fed with one batch that lies in memory: what is left
when reading images costs nothing. bfloat16 pays only on a processor that has instructions for it; the report says
whether this one has.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import trashnet
from pairs import Figure, cost, interleave, parser, process_environment, report, speedup, wall

BENCH = Path(__file__).parent
TRAIN, TUTORIAL = trashnet.TRAINING / "train.py", BENCH / "tutorial_script.py"
WAYS = ("tutorial", "floor", "train", "bfloat16")
WHOLE_IMAGES, WHOLE_EPOCHS = 661, 3


@contextmanager
def epochs(way: str, folder: Path) -> Iterator[Callable[[], dict[str, float]]]:
    """A function that trains one epoch in a process that is kept for the next, and gives its times (seconds)."""
    command: list[str | Path] = [sys.executable, BENCH / "epochs_on_demand.py", way, folder]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=process_environment(),
    ) as process:
        questions, answers = process.stdin, process.stdout
        if questions is None or answers is None:
            raise RuntimeError("a process without pipes")

        def one() -> dict[str, float]:
            print(file=questions, flush=True)
            if not (line := answers.readline()):
                raise RuntimeError(f"{' '.join(map(str, command))} ended early; run it by hand to see why")
            answer: dict[str, float] = json.loads(line)
            return answer

        yield one
        questions.close()


def epoch_figures(folder: Path, pairs: int) -> list[Figure]:
    """The figures on single epochs, from interleaved epochs of four processes."""
    stalls: dict[str, list[float]] = {way: [] for way in WAYS}
    with ExitStack() as stack:
        ask = {way: stack.enter_context(epochs(way, folder)) for way in WAYS}

        def timed(way: str) -> Callable[[], float]:
            def one() -> float:
                answer = ask[way]()
                stalls[way].append(answer["stall"])
                return answer["epoch"]

            return one

        seconds = interleave({way: timed(way) for way in WAYS}, pairs)
    script, floor = "the tutorial's script", "the model fed from memory"
    return [
        speedup("epoch after the first, float32", script, seconds["tutorial"], seconds["train"], at_least=1.22),
        cost("epoch after the first, float32", floor, seconds["floor"], seconds["train"], at_most=1.03),
        Figure("wait at the end of fit", "none", "s", tuple(stalls["train"][1:]), at_most=0.1),
        Figure("wait at the end of fit, the tutorial's script", "none", "s", tuple(stalls["tutorial"][1:])),
        speedup(f"epoch after the first, {bfloat16()}", script, seconds["tutorial"], seconds["bfloat16"], at_least=2.5),
    ]


def bfloat16() -> str:
    """What the figure for --mixed-precision depends on: whether this processor computes in bfloat16 itself."""
    flags = Path("/proc/cpuinfo").read_text()
    return f"bfloat16 (processor {'has' if re.search('avx512_bf16|amx_bf16', flags) else 'LACKS'} it)"


def whole_figures(folder: Path, scratch: Path, pairs: int) -> list[Figure]:
    """The figures on whole processes, import and outputs included, and on whether both learn the same."""
    common: list[str | Path] = ["--data-path", folder, "--epochs", str(WHOLE_EPOCHS)]

    def process(script: Path) -> Callable[[], float]:
        return lambda: wall([sys.executable, script, *common, "--output-dir", scratch / script.stem])

    seconds = interleave({"tutorial": process(TUTORIAL), "train": process(TRAIN)}, pairs)
    what = f"whole process, {WHOLE_EPOCHS} epochs of {WHOLE_IMAGES} images"
    theirs = losses([TUTORIAL, *common, "--order", "0", "--output-dir", scratch / "same-order"])
    ours = losses([TRAIN, *common, "--output-dir", scratch / "same-order"])
    differences = tuple(abs(a - b) for a, b in zip(theirs, ours, strict=True))
    return [
        speedup(what, "the tutorial's script", seconds["tutorial"], seconds["train"], at_least=1.35),
        Figure("largest difference of a printed loss", "the tutorial's script", "", (max(differences),), at_most=0.0),
    ]


def losses(command: list[str | Path]) -> list[float]:
    """The losses that a script prints, of training and validation, epoch by epoch."""
    done = subprocess.run(
        [sys.executable, *command], check=True, capture_output=True, text=True, env=process_environment()
    )
    found = [float(text) for text in re.findall(r"loss: ([0-9.e+-]+)", done.stdout)]
    if len(found) != 2 * WHOLE_EPOCHS:
        raise RuntimeError(f"expected {2 * WHOLE_EPOCHS} losses, found {found}")
    return found


def main() -> int:
    """Measure, print, and return the exit code."""
    options_parser = parser(__doc__)
    options_parser.add_argument("--data", type=Path, metavar="ARCHIVE", help="dataset-resized.zip; else the sample")
    options_parser.add_argument("--images", type=int, default=trashnet.TRAIN_IMAGES, help="images of the timed epochs")
    options = options_parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        data = trashnet.make(scratch / "data", options.data)
        folder = trashnet.part_of(data, scratch / "epochs", options.images)
        figures = epoch_figures(folder / "train", options.pairs)
        small = trashnet.part_of(data, scratch / "small", WHOLE_IMAGES)
        figures += whole_figures(small, scratch, options.pairs)
    return report(figures, options.json)


if __name__ == "__main__":
    sys.exit(main())
