"""Data for the benchmarks: the whole of TrashNet where its archive is at hand, else of the sample, repeated."""

import subprocess
import sys
from pathlib import Path

TRAINING = Path(__file__).parents[1] / "training"
TRAIN_IMAGES = 2276
VALIDATION_IMAGES = 251


def make(folder: Path, archive: Path | None) -> Path:
    """A data folder with 2,276 images to train and 251 for validation: from `archive`, else from the sample."""
    if archive is not None:
        command: list[str | Path] = [sys.executable, TRAINING / "prepare_data.py", archive, "--output", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return folder
    for part, count in (("train", TRAIN_IMAGES), ("validation", VALIDATION_IMAGES)):
        images = sorted((TRAINING / "data/trashnet-sample" / part).glob("*/*.jpg"))
        for number in range(count):
            _link(images[number % len(images)], folder / part, number)
    return folder


def part_of(data: Path, folder: Path, images: int) -> Path:
    """A data folder with so many of the images of `data` to train, and validation images in proportion."""
    for part, count in (("train", images), ("validation", images * VALIDATION_IMAGES // TRAIN_IMAGES)):
        found = sorted((data / part).glob("*/*.jpg"))
        for number in range(count):
            _link(found[number * len(found) // count], folder / part, number)
    return folder


def _link(image: Path, part: Path, number: int) -> None:
    place = part / image.parent.name / f"{number:04}{image.suffix}"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(image.absolute())
