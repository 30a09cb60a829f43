"""Bringing a run's datasets to its `inputs/` folder: as copies, or as places that the supervisor mounts on."""

import errno
import os
import shutil
from pathlib import Path

from trainferry.errors import BackendError
from trainferry.progress import Progress, Report
from trainferry.specs.job import Job


def path_of(inputs: Path, name: str, original: Path) -> Path:
    """Where the script finds a dataset: `inputs/<name>`, and a single file in a folder of that name, under its own."""
    return inputs / name / original.name if original.is_file() else inputs / name


def place_datasets(job: Job, folder: Path, inputs: Path, report: Report, *, mounting: bool) -> list[tuple[str, str]]:
    """Prepare `folder`, which will become `inputs`; returns what the supervisor is to mount, as (dataset, place).

    A downloaded dataset is a copy that the script may change. A mounted one is the original, read-only; where the
    system allows no mounts (`mounting` is False) it is a copy without write permissions, so that the original is safe.
    """
    mounts = []
    folder.mkdir()
    for name, dataset in job.datasets.items():
        original = job.dataset_path(name)
        if original is None or not original.exists():
            raise BackendError(
                f"the dataset '{name}' is not on this machine",
                remedy="give it a path to a folder or file that is there",
            )
        original = original.resolve()
        place, real = path_of(folder, name, original), path_of(inputs, name, original)
        if dataset.mode == "mount" and mounting:
            _make_place(place, like=original)
            mounts.append((str(original), str(real)))
        else:
            _copy(original, place, name, report)
            if dataset.mode == "mount":
                _take_write_permission(place)
    return mounts


def _make_place(place: Path, like: Path) -> None:
    if like.is_file():
        place.parent.mkdir()
        place.touch()
    else:
        place.mkdir()


def _copy(original: Path, place: Path, name: str, report: Report) -> None:
    """Copy a file or folder; on file systems that can, the copy shares its blocks with the original."""
    done = 0

    def one(source: str, target: str) -> str:
        nonlocal done
        _copy_file(source, target)
        done += 1
        report(Progress(f"copying the dataset {name}", done, None, "file"))
        return target

    try:
        if original.is_file():
            place.parent.mkdir()
            one(str(original), str(place))
        else:
            shutil.copytree(original, place, copy_function=one)
    except shutil.Error as error:
        source, _, reason = error.args[0][0]
        raise _no_copy(name, f"{source}: {reason}", full="No space left" in str(reason)) from error
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise _no_copy(name, f"{error.filename}: {error.strerror}", full=full) from error


def _no_copy(name: str, reason: str, *, full: bool) -> BackendError:
    if full:
        return BackendError(
            f"no room left on the disk for a copy of the dataset '{name}'",
            remedy="free some space, or use mode: mount, which copies nothing",
        )
    return BackendError(f"can't copy the dataset '{name}': {reason}", remedy="make it readable, then run again")


def _copy_file(source: str, target: str) -> None:
    with open(source, "rb") as reader, open(target, "wb") as writer:  # noqa: PTH123  (shutil hands over texts)
        left = os.fstat(reader.fileno()).st_size
        try:
            while left and (copied := os.copy_file_range(reader.fileno(), writer.fileno(), left)):
                left -= copied
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
                raise
            left = 1
        if left:
            reader.seek(0)
            writer.seek(0)
            shutil.copyfileobj(reader, writer)


def _take_write_permission(place: Path) -> None:
    """Refuse writes to everything at and below `place`, as far as permissions can."""
    for folder, _, files in os.walk(place):
        for name in files:
            (Path(folder) / name).chmod(0o444)
        Path(folder).chmod(0o555)
    if place.is_file():
        place.chmod(0o444)
        place.parent.chmod(0o555)
