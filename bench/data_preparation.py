"""Data preparation: unpacking, checking and splitting 2,527 images, against `python -m zipfile -e` that only unpacks.

Without `--data` the archive is made of the sample's images, repeated to TrashNet's counts.
"""

import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import trashnet
from pairs import cost, interleave, parser, report, wall


def make_archive(path: Path) -> Path:
    """An archive with TrashNet's classes and counts, of the sample's images, stored as they are in the real one."""
    sys.path.insert(0, str(trashnet.TRAINING))
    from prepare_data import TRASHNET

    with zipfile.ZipFile(path, "w") as archive:
        for name, count in TRASHNET.items():
            images = sorted((trashnet.TRAINING / "data/trashnet-sample").glob(f"*/{name}/*.jpg"))
            for number in range(count):
                archive.write(images[number % len(images)], f"dataset-resized/{name}/{name}{number + 1}.jpg")
    return path


def main() -> int:
    """Measure, print, and return the exit code."""
    options_parser = parser(__doc__)
    options_parser.add_argument("--data", type=Path, metavar="ARCHIVE", help="dataset-resized.zip; else the sample")
    options = options_parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        archive, output = options.data or make_archive(Path(name) / "sample.zip"), Path(name) / "output"

        def timed(command: list[str | Path]) -> Callable[[], float]:
            def once() -> float:
                shutil.rmtree(output, ignore_errors=True)
                return wall(command)

            return once

        seconds = interleave(
            {
                "zipfile": timed([sys.executable, "-m", "zipfile", "-e", archive, output]),
                "prepare_data": timed(
                    [sys.executable, trashnet.TRAINING / "prepare_data.py", archive, "--output", output]
                ),
            },
            options.pairs,
        )
    what = "data preparation (unpack and split 2,527 images)"
    return report(
        [cost(what, "python -m zipfile -e", seconds["zipfile"], seconds["prepare_data"], at_most=1.3)], options.json
    )


if __name__ == "__main__":
    sys.exit(main())
