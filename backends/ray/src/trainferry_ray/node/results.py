"""The files that a run wrote below `outputs/` and `logs/`, as the node that has them lists and reads them."""

from __future__ import annotations

import os
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainferry_ray.node.folders import RunFolder

LOG_NAME = "logs/std_log.txt"
"""Under which the run's own log is listed, unless the script wrote a file of that name."""

_SECOND_LOG_NAME = "logs/trainferry_log.txt"


def listing(folder: RunFolder) -> list[tuple[str, int, str]]:
    """Path, size in bytes and place of every regular file of the run, by path; links that lead out are left out."""
    found = {path: (size, place) for top in ("outputs", "logs") for path, size, place in _below(folder.work, top)}
    if folder.log.exists():
        name = LOG_NAME if LOG_NAME not in found else _SECOND_LOG_NAME
        found[name] = (folder.log.stat().st_size, str(folder.log))
    return [(path, *found[path]) for path in sorted(found)]


def _below(work: Path, top: str) -> Iterator[tuple[str, int, str]]:
    start = work / top
    if start.is_symlink():
        return
    real = os.path.realpath(work) + os.sep
    for current, _, names in os.walk(start):
        for name in names:
            path = Path(current) / name
            try:
                if os.path.realpath(path).startswith(real) and path.is_file():
                    yield path.relative_to(work).as_posix(), path.stat().st_size, str(path)
            except OSError:
                continue  # deleted meanwhile
