"""Where a node keeps what, below the folder that the settings call `storage`; and writing small files whole."""

from __future__ import annotations

import json
import os
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def storage_of(setting: str) -> Path:
    """The storage folder on this node; `~` is the home of the user that Ray runs as."""
    return Path(os.path.expanduser(setting)).absolute()


class RunFolder:
    """The files of one run on a node. Making one touches nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, storage: Path, run_id: str) -> RunFolder:
        """The folder of that run; ValueError for a name that would lead elsewhere."""
        if run_id in {"", ".", ".."} or "/" in run_id or "\0" in run_id:
            raise ValueError(f"{run_id!r} is no run id")
        return cls(storage / "runs" / run_id)

    @property
    def work(self) -> Path:
        """The snapshot; the script's working folder, with its outputs/ and logs/."""
        return self.path / "work"

    @property
    def inputs(self) -> Path:
        """Where the datasets are while the script runs."""
        return self.path / "inputs"

    @property
    def log(self) -> Path:
        """All that the script prints, in order."""
        return self.path / "log"

    @property
    def state(self) -> Path:
        """How the run stands; replaced as a whole."""
        return self.path / "state.json"

    def rank(self, number: int) -> RunFolder:
        """The folder of one node's part of a run that is spread over nodes, while it goes."""
        return RunFolder(self.path / "ranks" / str(number))


def write_json(path: Path, data: Any) -> None:
    """Replace a file by `data` as JSON: whole, or not at all."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(json.dumps(data), encoding="utf-8")
    part.replace(path)


def read_json(path: Path) -> Any:
    """What a JSON file holds; None if it isn't there or is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
