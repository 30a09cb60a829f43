"""Bringing a run's datasets to its `inputs/` folder."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from trainferry_ray.node import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


_READ = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_ENTER = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


def content_folder(storage: Path, digest: str) -> Path:
    """Where an uploaded dataset lies on this node: below the name of its content."""
    return storage / "data" / digest


def origin_of(dataset: dict[str, Any], storage: Path) -> Path:
    """Where a dataset is on this node; FileNotFoundError naming it if it isn't."""
    if dataset["digest"]:
        folder = content_folder(storage, dataset["digest"])
        found = folder / "content" / dataset["file"] if dataset["file"] else folder / "content"
    else:
        found = Path(dataset["path"])
    if not found.exists():
        raise FileNotFoundError(f"the dataset '{dataset['name']}' is not on this node: {found}")
    return found.resolve()


def place(
    datasets: Sequence[dict[str, Any]], storage: Path, inputs: Path
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Prepare `inputs`; returns the path of each dataset by name, and what is to be mounted as (original, place).

    A downloaded dataset is a copy that the script may change. A mounted one is the original, read-only; where the
    system allows no mounts it is a copy without write permissions, so that the original is safe.
    """
    remove(inputs)
    inputs.mkdir(parents=True)
    mounting = any(dataset["mode"] == "mount" for dataset in datasets) and kernel.may_mount()
    paths, mounts = {}, []
    for dataset in datasets:
        origin, home = origin_of(dataset, storage), inputs / dataset["name"]
        if origin.is_file():
            home.mkdir()
            home /= dataset["file"] or origin.name
        paths[dataset["name"]] = str(home)
        if dataset["mode"] == "mount" and mounting:
            home.touch() if origin.is_file() else home.mkdir()
            mounts.append((str(origin), str(home)))
        else:
            _copy(origin, home)
            if dataset["mode"] == "mount":
                _forbid_writing(inputs / dataset["name"])
    return paths, mounts


def _copy(origin: Path, home: Path) -> None:
    if origin.is_file():
        shutil.copyfile(origin, home)
    else:
        shutil.copytree(origin, home, copy_function=shutil.copyfile)


def _forbid_writing(top: Path) -> None:
    for folder, _, files in os.walk(top):
        for name in files:
            os.chmod(os.path.join(folder, name), _READ)
        os.chmod(folder, _READ | _ENTER)


def remove(folder: Path) -> None:
    """Delete a folder, also one that forbids it by its permissions; what can't be deleted stays."""
    if not folder.is_dir() or folder.is_symlink():
        return
    for name, _, _ in os.walk(folder):
        try:
            os.chmod(name, stat.S_IRWXU)
        except OSError:
            continue
    shutil.rmtree(folder, ignore_errors=True)
