"""Runs on disk: what was ordered, how it stands, and what of it the listeners have heard.

One folder for each run, made whole or not at all: `order.json` (until the end), `state.json`, `told.json`, `logs/` and
a folder for each node.
"""

import os
import shutil
import uuid
from pathlib import Path

from pydantic import BaseModel, ValidationError

from azureml_emulator.engine.contract import RunError, RunState, Status, WorkOrder
from azureml_emulator.engine.layout import temporary_of


class Told(BaseModel):
    """What was told already, so that a restart tells the rest and little twice."""

    status: Status | None = None
    attempt: int = 1
    logs: dict[str, int] = {}
    """Bytes told, by the log's name."""
    files: dict[str, tuple[int, int]] = {}
    """Time (nanoseconds) and size of each file of `outputs/` and `logs/` when it was told, by its name."""


class Record:
    """The files of one run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.folder.name

    @property
    def logs(self) -> Path:
        """Logs by their names."""
        return self.folder / "logs"

    def node(self, index: int) -> Path:
        """What belongs to one node of the run, its disk among it."""
        return self.folder / f"node-{index}"

    def nodes(self) -> list[Path]:
        """The folders of nodes that the run has or had."""
        return sorted(self.folder.glob("node-*"), key=lambda path: int(path.name.partition("-")[2]))

    def order(self) -> WorkOrder:
        """What was ordered. OSError or ValueError if it can't be read any more."""
        return WorkOrder.model_validate_json((self.folder / "order.json").read_bytes())

    def state(self) -> RunState:
        """How the run stands; failed, if its file was damaged, as by a power cut."""
        try:
            return RunState.model_validate_json((self.folder / "state.json").read_bytes())
        except ValidationError:
            message = "What was known of the run was damaged, as by a power cut. Submit it again."
            error = RunError(code="ServiceError", kind="StateDamaged", message=message)
            return RunState(run_id=self.run_id, status=Status.FAILED, error=error)

    def set_state(self, state: RunState) -> None:
        """Note how it stands, before anybody is told."""
        _replace(self.folder / "state.json", state)

    def told(self) -> Told:
        """What was told; of a damaged file, nothing."""
        try:
            return Told.model_validate_json((self.folder / "told.json").read_bytes())
        except (FileNotFoundError, ValidationError):
            return Told()

    def set_told(self, told: Told) -> None:
        """Note what was told, after it was."""
        _replace(self.folder / "told.json", told)

    def forget_work(self) -> None:
        """Delete all but the state: the nodes, the logs, which others keep now, and the order with its tokens."""
        self.forget_nodes()
        remove(self.logs)
        (self.folder / "order.json").unlink(missing_ok=True)

    def forget_nodes(self) -> None:
        """Delete what was on the run's nodes."""
        for folder in self.nodes():
            remove(temporary_of(folder))
            remove(folder)


class Records:
    """All runs of an emulator."""

    def __init__(self, home: Path) -> None:
        self._runs = home / "runs"
        self._drafts = home / "drafts"

    def get(self, run_id: str) -> Record | None:
        """A run's record; None if there is no such run."""
        record = Record(self._runs / run_id)
        return record if (record.folder / "state.json").exists() else None

    def unfinished(self) -> list[Record]:
        """Runs that have not come to their end, or whose end was not told to all, in the order they were submitted.

        What was left of submits that were interrupted is gone afterwards.
        """
        remove(self._drafts)
        if not self._runs.is_dir():
            return []
        orders = sorted(self._runs.glob("*/order.json"), key=lambda path: path.stat().st_mtime_ns)
        return [Record(path.parent) for path in orders]

    def make(self, order: WorkOrder) -> Record | None:
        """A record of a new run; None if there is one already, which stays as it is."""
        record = Record(self._runs / order.run_id)
        if record.folder.exists():
            return None
        draft = Record(self._drafts / uuid.uuid4().hex)
        draft.logs.mkdir(parents=True)
        self._runs.mkdir(exist_ok=True)
        draft.folder.chmod(0o700)
        _replace(draft.folder / "order.json", order)
        draft.set_state(RunState(run_id=order.run_id, status=Status.PREPARING))
        try:
            draft.folder.rename(record.folder)
        except OSError:
            remove(draft.folder)
            if record.folder.exists():
                return None
            raise
        return record


def _replace(path: Path, data: BaseModel) -> None:
    part = path.with_name(f"{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data.model_dump_json().encode())
    part.replace(path)


def remove(folder: Path) -> None:
    """Delete a folder, even of files that a script made unwritable."""
    if not folder.is_dir():
        return
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
