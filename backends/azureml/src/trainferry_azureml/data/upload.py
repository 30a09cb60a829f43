"""Sends what a plan says is missing, with proof that it arrived, and says last that the version is complete."""

from __future__ import annotations

import hashlib
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Self

from trainferry.errors import BackendError
from trainferry.progress import Progress, Report, silent
from trainferry_azureml.data import refusals
from trainferry_azureml.data.blocks import BLOCK, BlockedFile
from trainferry_azureml.data.container import Container
from trainferry_azureml.data.crew import Budget, Crew
from trainferry_azureml.data.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trainferry_azureml.data.plan import Source, UploadPlan
    from trainferry_azureml.data.version import DatasetVersion

MEMORY = 24 << 20
"""Bytes of files that are held in memory at once."""
FEWEST = 4
"""Connections for a server next door; more only cost it time."""
PER_SECOND = 3000
"""Files a second that connections are opened for: as many as it takes to have that many requests under way."""


def upload(
    plan: UploadPlan, report: Report = silent, *, connections: int = 64, patience: Patience | None = None
) -> DatasetVersion:
    """Send what the plan says is missing; returns the version, which is complete then.

    Each file is compared with its SHA-256 of the plan as it is read, and with its MD5 by the storage as it arrives,
    which says in its answer what it has then; what an earlier try left is compared with the storage's listing before
    anything is sent. (A listing afterwards would repeat what the answers say, for a tenth of the time.) `connections`
    is how many are opened at most: the further away the storage answers, the more. May be killed anywhere and run
    again: what arrived isn't sent again, of large files block by block. At the most 24 MiB of files are held in memory.
    Raises BackendError with the cause if the storage refuses or stays out of reach, or a file was changed meanwhile.
    """
    if plan.complete:
        return plan.version
    with Container(plan.access, patience or Patience()) as container, _Upload(plan, container, report) as work:
        work.look()
        wanted = max(FEWEST, round(plan.latency * PER_SECOND))
        Crew(min(wanted, connections, work.count or 1), container.close).run(work.tasks(), work.tell)
        manifest = plan.manifest
        container.put_blob(manifest.version.manifest, manifest.text, manifest.md5, "finish the dataset")
    return plan.version


class _Upload:
    """One upload under way."""

    def __init__(self, plan: UploadPlan, container: Container, report: Report) -> None:
        self._plan = plan
        self._container = container
        self._report = report
        self._budget = Budget(MEMORY)
        self._lock = threading.Lock()
        self._bytes = self._files = 0
        self._buffers: list[bytearray] = []
        self._small = [source for source in plan.missing if source.file.bytes <= BLOCK]
        self._large = [BlockedFile(source) for source in plan.missing if source.file.bytes > BLOCK]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for large in self._large:
            large.close()

    @property
    def count(self) -> int:
        """How many requests send files."""
        return len(self._small) + sum(large.count for large in self._large)

    def tasks(self) -> Iterator[Callable[[], None]]:
        """One task for each of them; what takes longest comes first."""
        for large in self._large:
            for _ in range(large.count):
                yield partial(self._send_block, large)
        for small in self._small:
            yield partial(self._send_whole, small)

    def tell(self) -> None:
        """Report how far it is."""
        self._report(Progress("uploading data", self._bytes, self._plan.send_bytes, "byte"))
        self._report(Progress("uploading files", self._files, self._plan.send_files, "file"))

    def look(self) -> None:
        """Compare what lies below the prefix with what the plan found there; raises BackendError if they differ."""
        prefix = self._plan.version.prefix + "/"
        there = {blob.name: blob for blob in self._container.list(prefix, "look where the dataset goes")}
        left = self._plan.present
        wrong = [name for name, md5 in left.items() if (b := there.get(prefix + name)) is None or b.md5 != md5]
        expected = left.keys() | {source.file.name for source in self._plan.missing}
        strange = [name for name in there if name.removeprefix(prefix) not in expected]
        shown = self._plan.access.shown
        if wrong:
            raise BackendError(
                f"{len(wrong)} of {len(left)} files that were in {shown} are not any more, such as {wrong[0]}",
                remedy="something else writes there; upload again: only what is missing is sent",
            )
        if strange:
            raise BackendError(
                f"{shown} holds a file that is not part of this dataset: {strange[0]}",
                remedy="delete it: below a version's prefix lies only what was uploaded",
            )

    def _send_whole(self, source: Source) -> None:
        file = source.file
        with self._budget.of(file.bytes):
            data = _read_whole(source)
            md5 = hashlib.md5(data, usedforsecurity=False).digest()
            self._container.put_blob(self._name(source), data, md5, f"upload {file.name}")
        self._arrived(file.bytes, whole=True)

    def _send_block(self, large: BlockedFile) -> None:
        source = large.source
        name, doing = self._name(source), f"upload {source.file.name}"
        with self._budget.of(large.block_size), self._buffer(large.block_size) as buffer:
            block, there = large.next_block(lambda: self._container.blocks(name, doing), buffer)
            if not there:
                self._container.put_block(name, block.id, block.data, block.md5, doing)
            self._arrived(len(block.data))
        if large.was_sent():
            ids, md5 = large.finish()
            self._container.put_block_list(name, ids, md5, doing)
            self._arrived(0, whole=True)

    @contextmanager
    def _buffer(self, size: int) -> Iterator[bytearray]:
        """Memory for a block, used again and again: what threads give back to the allocator it holds in reserve."""
        buffer = self._buffers.pop() if self._buffers else bytearray()
        if len(buffer) != size:
            buffer = bytearray(size)
        yield buffer
        self._buffers.append(buffer)

    def _name(self, source: Source) -> str:
        return f"{self._plan.version.prefix}/{source.file.name}"

    def _arrived(self, count: int, *, whole: bool = False) -> None:
        with self._lock:
            self._bytes += count
            self._files += whole


def _read_whole(source: Source) -> bytes:
    try:
        with open(source.file.path, "rb", buffering=0) as stream:
            data = stream.read(source.file.bytes + 1)
    except OSError as error:
        raise refusals.unreadable(error, source.file.path) from error
    if hashlib.sha256(data).hexdigest() != source.sha256:
        raise refusals.changed(source.file.path, "its content is another")
    return data
