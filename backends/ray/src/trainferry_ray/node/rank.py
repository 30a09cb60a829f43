"""One node's part of a run that is spread over nodes: an actor of Ray that has a supervisor beside it.

The supervisor is a process of its own, because starting the script needs a process with a single thread; when the
actor goes, the supervisor notices, and ends the script.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from trainferry_ray.node import datasets, distribution, outcome, upload
from trainferry_ray.node.folders import RunFolder, read_json, storage_of, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PIECE = 8 << 20
"""Most bytes that are handed from node to node at once."""

_MAIN = Path(__file__).with_name("__main__.py")


class Rank:
    """What the driver asks of each node."""

    def __init__(self, request: dict[str, Any], number: int) -> None:
        self._request = dict(request, spread=False, unpacked=str(_MAIN.parents[2]))
        self._storage = storage_of(request["storage"])
        self._folder = RunFolder.of(self._storage, request["run_id"]).rank(number)
        self._process: subprocess.Popen[bytes] | None = None
        datasets.remove(self._folder.path)  # left by an attempt before this one

    def join(self, processes: int) -> tuple[str, list[int]]:
        """This node's address and a free port for each process."""
        import ray  # noqa: PLC0415  (only a node of Ray has it)

        host = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]
        return host, distribution.free_ports(host, processes)

    def lacks(self) -> list[str]:
        """Digests of the datasets that are not on this node yet."""
        wanted = [dataset["digest"] for dataset in self._request["datasets"] if dataset["digest"]]
        return [digest for digest in wanted if not upload.is_complete(self._storage, digest)]

    def receive(self, digest: str, manifest: list[list[Any]], offset: int, data: bytes) -> None:
        """Take a piece of a dataset."""
        upload.begin(self._storage, digest, manifest)
        upload.receive(self._storage, digest, offset, data)

    def start(self, more: list[dict[str, str]], logs: list[str]) -> None:
        """Start the supervisor, and with it the script."""
        self._folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        request_file = self._folder.path / "request.json"
        write_json(request_file, {**self._request, "more": more, "logs": logs})
        with self._notes.open("wb") as notes:
            command = [sys.executable, "-I", "-X", "utf8", str(_MAIN), "rank", str(request_file)]
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=notes, stderr=notes, start_new_session=True
            )

    @property
    def _notes(self) -> Path:
        return self._folder.path / "supervisor.log"

    def look(self, offset: int) -> tuple[bytes, dict[str, Any]]:
        """What the log of this node has gained since `offset`, and the state."""
        ended = self._process is not None and self._process.poll() is not None
        state = read_json(self._folder.state) or outcome.state("queued")
        if ended and state["ended"] is None:
            reason = outcome.with_tail("the supervisor on the node was killed", self._notes)
            state = outcome.state("failed", reason=reason, started=state["started"], ended=0)
        return self.read("log", offset, PIECE), state

    def stop(self) -> None:
        """End every process of the run on this node, and return when that is done."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def files(self) -> list[tuple[str, int]]:
        """The files below outputs/ and logs/ of this node, with their sizes."""
        from trainferry_ray.node import results  # noqa: PLC0415

        return [(path, size) for path, size, _ in results.listing(self._folder)]

    def read(self, path: str, offset: int, size: int) -> bytes:
        """A piece of the log (`log`), or of a file below the working folder."""
        home = self._folder.log if path == "log" else self._folder.work / path
        try:
            with home.open("rb") as stream:
                stream.seek(offset)
                return stream.read(size)
        except FileNotFoundError:
            return b""

    def leave(self) -> None:
        """Remove what the run had on this node."""
        datasets.remove(self._folder.path)
        try:
            os.rmdir(self._folder.path.parent)
        except OSError:
            return
