"""Unpack the TrashNet archive and split it the tutorial's way: a tenth of each class for validation, the rest to train.

    python prepare_data.py dataset-resized.zip --output data

makes data/train/<class>/ and data/validation/<class>/. Which image goes where depends on the seed alone. Nothing is
written if the archive is damaged or looks hostile, and the output folder appears only when it is complete. Running it
again changes nothing and says so.

Exit code 0: the data is there; 1: writing failed; 2: unusable archive or arguments.
"""

import argparse
import fcntl
import hashlib
import json
import os
import random
import shutil
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from archive import BadArchive, Members, image_members, open_archive, read_member

TRASHNET = {"cardboard": 403, "glass": 501, "metal": 410, "paper": 594, "plastic": 482, "trash": 137}
"""Images of each class in the published archive, 2,527 in all."""

RECORD = "prepared.json"
"""File in the output folder that says what it was made from, and how many images went where."""

Plan = dict[str, zipfile.ZipInfo]
"""What goes where: path below the output folder -> member of the archive."""


def check_counts(members: Members) -> None:
    """Raise BadArchive if these are not TrashNet's classes and counts."""
    counts = {name: len(infos) for name, infos in members.items()}
    if counts != TRASHNET:
        found = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        known = ", ".join(f"{name} {count}" for name, count in TRASHNET.items())
        raise BadArchive(f"it holds {found}; TrashNet is {known}. For another data set add --any-counts")


def split(members: Members, percent: int, seed: int, per_class: int | None) -> Plan:
    """Shuffle each class, then the first `percent` of a hundred (rounded down) are for validation, the rest to train.

    With `per_class` only so many of each class are taken. Raises BadArchive if a class is too small for that.
    """
    plan: Plan = {}
    for name, infos in sorted(members.items()):
        images = sorted(infos, key=lambda info: info.filename)
        random.Random(f"{seed} {name}").shuffle(images)  # noqa: S311  (no secret: anyone should get the same split)
        images = images[:per_class]
        validation = len(images) * percent // 100
        if not 0 < validation < len(images):
            raise BadArchive(f"class {name} has {len(images)} images: {percent}% of them leaves one part empty")
        for number, info in enumerate(images):
            part = "validation" if number < validation else "train"
            plan[f"{part}/{name}/{Path(info.filename).name}"] = info
    return plan


def counts(plan: Plan) -> dict[str, int]:
    """Images in each folder, such as train/glass."""
    return dict(Counter(path.rpartition("/")[0] for path in sorted(plan)))


def fingerprint(plan: Plan) -> str:
    """64 hex digits over what goes where, and each image's size and checksum."""
    lines = [f"{path}\t{info.file_size}\t{info.CRC}\n" for path, info in sorted(plan.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def counts_below(output: Path) -> dict[str, int]:
    """Files in each folder two levels down, such as train/glass; an empty dict if there are none."""
    folders = sorted(path for path in output.glob("*/*") if path.is_dir())
    return {folder.relative_to(output).as_posix(): sum(1 for _ in folder.iterdir()) for folder in folders}


def is_done(output: Path, wanted: dict[str, object]) -> bool:
    """Whether `output` already holds what is wanted. Raises FileExistsError if it holds something else."""
    if not output.exists() or (output.is_dir() and not any(output.iterdir())):
        return False
    try:
        record = json.loads((output / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        record = None
    if record is None:
        raise FileExistsError(f"{output} is there already and was not made by this script; choose another --output")
    if record != wanted or counts_below(output) != wanted["counts"]:
        raise FileExistsError(
            f"{output} was made from another archive or with other options, or has been changed since; "
            "move it away, or choose another --output"
        )
    return True


@contextmanager
def partial_folder(output: Path) -> Iterator[Path]:
    """An empty folder beside `output` that no other process works in; gone at the end, unless it was renamed.

    A killed run leaves it behind, and the next run clears it. Raises BlockingIOError while another run is at work.
    """
    folder = output.with_name(f".{output.name}.partial")
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)

    def is_ours() -> bool:
        return folder.exists() and os.path.samestat(os.fstat(handle), folder.stat())

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not is_ours():
            raise BlockingIOError
        try:
            for entry in folder.iterdir():
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            yield folder
        finally:
            if is_ours():
                shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)


def write(archive: zipfile.ZipFile, plan: Plan, record: dict[str, object], output: Path) -> None:
    """Unpack what is planned; `output` appears when all of it is there. Raises BadArchive, or OSError on full disks."""
    with partial_folder(output) as folder:
        for place in counts(plan):
            (folder / place).mkdir(parents=True)
        for path, info in plan.items():
            (folder / path).write_bytes(read_member(archive, info))
        (folder / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        folder.rename(output)


def prepare(options: argparse.Namespace) -> str:
    """Do what the command line asks; returns what to tell the user. Raises BadArchive or OSError."""
    with open_archive(options.archive) as archive:
        members = image_members(archive)
        if not options.any_counts:
            check_counts(members)
        plan = split(members, options.validation_percent, options.seed, options.per_class)
        record: dict[str, object] = {"fingerprint": fingerprint(plan), "counts": counts(plan)}
        done = is_done(options.output, record)
        if not done:
            write(archive, plan, record, options.output)
    train = sum(path.startswith("train/") for path in plan)
    state = "is prepared already" if done else "is ready"
    return f"{options.output} {state}: {train:,} images to train, {len(plan) - train:,} for validation"


def positive(text: str) -> int:
    """A whole number from 1 on; ArgumentTypeError for anything else."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of the command line; ends the process with code 2 and a message if they are wrong."""
    parser = argparse.ArgumentParser(
        description="Unpack the TrashNet archive and split it into train and validation.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("archive", type=Path, help="ZIP archive of class folders, such as dataset-resized.zip")
    add("--output", type=Path, default=Path("data"), help="folder to make")
    add("--seed", type=int, default=0, help="of the shuffle that decides which image goes where")
    add(
        "--validation-percent", type=int, choices=range(1, 100), metavar="1..99", default=10, help="share of each class"
    )
    add("--per-class", type=positive, metavar="N", help="take only N images of each class: a small sample")
    add("--any-counts", action="store_true", help="accept classes and counts that are not TrashNet's")
    return parser.parse_args(arguments)


def main() -> int:
    """Run the command line; returns the exit code."""
    options = parse_arguments()
    try:
        print(prepare(options))
    except BadArchive as problem:
        print(f"prepare_data.py: {options.archive}: {problem}", file=sys.stderr)
        return 2
    except FileExistsError as problem:
        print(f"prepare_data.py: {problem}", file=sys.stderr)
        return 2
    except BlockingIOError:
        print(f"prepare_data.py: another run is making {options.output}; wait for it", file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"prepare_data.py: can't write {options.output}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
