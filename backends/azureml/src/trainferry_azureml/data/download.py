"""Brings files home from addresses that open by themselves: in parallel, resumed, verified, below one folder only."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from trainferry.progress import Progress, Report, silent
from trainferry_azureml.data import refusals
from trainferry_azureml.data.access import require_safe
from trainferry_azureml.data.connection import Connections
from trainferry_azureml.data.crew import Crew
from trainferry_azureml.data.fetching import Fetching
from trainferry_azureml.data.patience import Gate, Patience
from trainferry_azureml.data.places import place_below

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MOST = 16
"""Connections at most: files of runs are few, and each connection costs a handshake."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file to bring home."""

    url: str = field(repr=False)
    """Its address, with the signature that opens it."""
    path: str
    """Where it goes below the destination, with slashes."""
    bytes: int | None = None
    """Its size, if known: it makes progress tell how much is left."""
    md5: str = ""
    """MD5 of its content in base64, if known; else the server is asked."""


def download(
    files: Iterable[RemoteFile],
    destination: Path,
    report: Report = silent,
    *,
    connections: int = MOST,
    patience: Patience | None = None,
) -> list[Path]:
    """Fetch files below a folder, which is made if need be; returns where they are, in the order given.

    A file appears under its name only when all of it is there, and its MD5 is right if the server tells one. What is
    there already, the same, isn't fetched again; what was interrupted goes on where it stopped, unless it has changed.
    Raises BackendError for a path that leads out of the destination (before anything is fetched), a disk that is full,
    and a server that refuses or stays out of reach.
    """
    wanted = list(files)
    targets = [place_below(destination, file.path) for file in wanted]
    for file in wanted:
        require_safe(file.url)
    work = _Download(wanted, targets, patience or Patience(), report)
    try:
        destination.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusals.unwritable(error, str(destination)) from error
    try:
        Crew(min(connections, MOST, len(wanted)), work.close).run(work.tasks, work.tell)
    finally:
        work.close()
    return targets


class _Download:
    """One download under way."""

    def __init__(self, files: list[RemoteFile], targets: list[Path], patience: Patience, report: Report) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._bytes = self._files = 0
        self._count = len(files)
        sizes = [file.bytes for file in files]
        self._total = None if None in sizes else sum(size or 0 for size in sizes)
        self._gate = Gate()
        self._servers = {_server(file.url): Connections(file.url, patience.timeout) for file in files}
        self.tasks = [
            partial(
                self._fetch,
                Fetching(file.url, target, file.md5, self._servers[_server(file.url)], self._gate, patience),
            )
            for file, target in zip(files, targets, strict=True)
        ]

    def tell(self) -> None:
        """Report how far it is."""
        self._report(Progress("fetching data", self._bytes, self._total, "byte"))
        self._report(Progress("fetching files", self._files, self._count, "file"))

    def close(self) -> None:
        """End what is under way."""
        self._gate.stop()
        for server in self._servers.values():
            server.close()

    def _fetch(self, fetching: Fetching) -> None:
        fetching.run(self._arrived)
        with self._lock:
            self._files += 1

    def _arrived(self, count: int) -> None:
        with self._lock:
            self._bytes += count


def _server(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
