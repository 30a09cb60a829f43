"""Bringing what a run wrote on several nodes to the one folder that clients read."""

from __future__ import annotations

import hashlib
import os

from trainferry_ray.node.rank import PIECE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from trainferry_ray.node.folders import RunFolder


class Gather:
    """Copies the files of each node into the run's folder. Of equal names the first node's file counts."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder

    def bring(self, ranks: list[Any]) -> list[str]:
        """Copy all files; returns a sentence for each that was put elsewhere, as another node's has its name."""
        import ray  # noqa: PLC0415  (this is Ray's own interpreter)

        sentences = []
        for number, rank in enumerate(ranks):
            for path, size in ray.get(rank.files.remote()):
                if path.startswith("logs/") and path.endswith(("std_log.txt", "trainferry_log.txt")):
                    continue  # the log of the run, which came along piece by piece
                home = self._folder.work / path
                part = self._fetch(rank, path, size, home)
                if number and home.exists() and _content(home) != _content(part):
                    top, _, rest = path.partition("/")
                    home = self._folder.work / top / f"node-{number}" / rest
                    home.parent.mkdir(parents=True, exist_ok=True)
                    sentences.append(f"{path} of node {number} was kept as {home.relative_to(self._folder.work)}")
                part.replace(home)
        return sentences

    @staticmethod
    def _fetch(rank: Any, path: str, size: int, home: Path) -> Path:
        import ray  # noqa: PLC0415

        home.parent.mkdir(parents=True, exist_ok=True)
        part = home.with_name(f".{home.name}.{os.getpid()}.part")
        with part.open("wb") as stream:
            offset = 0
            while offset < size:
                data = ray.get(rank.read.remote(path, offset, PIECE))
                if not data:
                    break
                stream.write(data)
                offset += len(data)
        return part


def _content(path: Path) -> str:
    with path.open("rb") as stream:
        total = hashlib.sha256()
        while block := stream.read(1 << 20):
            total.update(block)
    return total.hexdigest()
