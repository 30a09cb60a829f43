"""One file on its way home: into a part beside its final name, which tells what version of the file it is a part of."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import http.client
import os
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from trainferry.errors import BackendError
from trainferry_azureml.data import refusals
from trainferry_azureml.data.access import API_VERSION
from trainferry_azureml.data.attempts import Attempts, may_pass
from trainferry_azureml.data.connection import Answer, lower_case

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trainferry_azureml.data.connection import Connections
    from trainferry_azureml.data.patience import Gate, Patience

CHUNK = 256 << 10
"""Read at once (bytes)."""
_STALE = frozenset({HTTPStatus.PRECONDITION_FAILED, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE})


@dataclass(frozen=True, slots=True)
class Fetching:
    """What it takes to fetch one file; `run` does it."""

    url: str
    target: Path
    md5: str
    server: Connections
    gate: Gate
    patience: Patience

    def run(self, arrived: Callable[[int], None]) -> None:
        """Fetch the file; `arrived` is told the bytes as they come, those of an earlier try too."""
        if self.md5 and md5_of(self.target) == self.md5:
            arrived(self.target.stat().st_size)
            return
        told = 0

        def count(position: int) -> None:
            nonlocal told
            arrived(position - told)
            told = position

        doing = f"fetch {self.target.name}"
        attempts = Attempts(self.patience, self.gate, doing, urlsplit(self.url).netloc.rpartition("@")[2])
        for _ in attempts:
            try:
                failure = self._try(count, doing)
            except (ConnectionError, TimeoutError, http.client.HTTPException) as error:
                failure = error
            except OSError as error:
                if error.errno is None or error.filename is None:  # of the network: files have names
                    failure = error
                else:
                    raise refusals.unwritable(error, str(self.target)) from error
            if failure is None:
                return
            attempts.failed(failure)

    def _try(self, count: Callable[[int], None], doing: str) -> Answer | Exception | None:
        """One try: None if the file is there, else why not."""
        part = self._old_part()
        offset = part.stat().st_size if part else 0
        headers = {"x-ms-version": API_VERSION}
        if part is not None and offset:
            headers |= {"range": f"bytes={offset}-", "if-match": _etag_of(part)}
        parts = urlsplit(self.url)
        response = self.server.stream(f"{parts.path or '/'}?{parts.query}".rstrip("?"), headers)
        if response.status in _STALE and part is not None:
            self.server.drop()
            part.unlink()
            return self._try(count, doing)
        if response.status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            answer = Answer(response.status, lower_case(response), response.read(), 0)
            if may_pass(answer):
                return answer
            raise refusals.refused(answer, doing, parts.netloc.rpartition("@")[2])
        return self._receive(response, offset if response.status == HTTPStatus.PARTIAL_CONTENT else 0, count)

    def _receive(
        self, response: http.client.HTTPResponse, offset: int, count: Callable[[int], None]
    ) -> Exception | None:
        told = lower_case(response)
        whole = told.get("x-ms-blob-content-md5") or (told.get("content-md5", "") if not offset else "")
        md5 = self.md5 or whole
        if not offset and md5 and md5_of(self.target) == md5:
            self.server.drop()
            count(self.target.stat().st_size)
            return None
        self.target.parent.mkdir(parents=True, exist_ok=True)
        part = self.target.with_name(_part_name(self.target.name, told.get("etag", "")))
        got = self._write(part, response, offset, count)
        length = told.get("content-length")
        if length is not None and got != int(length):
            self.server.drop()
            return ConnectionError(f"the answer ended after {got} of {length} bytes")
        if md5 and md5_of(part) != md5:
            part.unlink()
            return ConnectionError("what arrived has another MD5 than the server says")
        part.replace(self.target)
        return None

    def _write(self, part: Path, response: http.client.HTTPResponse, offset: int, count: Callable[[int], None]) -> int:
        """Write the rest of the answer behind `offset`; bytes that came."""
        position = offset
        with part.open("ab", buffering=0) as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BackendError(
                    f"something else fetches {self.target} right now", remedy="wait for it, or choose another folder"
                ) from error
            stream.truncate(offset)
            while chunk := response.read(CHUNK):
                try:
                    stream.write(chunk)
                except OSError as error:
                    raise refusals.unwritable(error, str(self.target)) from error
                position += len(chunk)
                count(position)
        return position - offset

    def _old_part(self) -> Path | None:
        """A part that an earlier try left, if the server can be asked for the rest of just that version."""
        stem = _part_name(self.target.name, "").removesuffix(".part")
        try:
            names = os.listdir(self.target.parent)
        except FileNotFoundError:
            return None
        for name in names:
            if name.startswith(stem) and name.endswith(".part") and name != stem + ".part":
                return self.target.with_name(name)
        return None


def md5_of(file: Path) -> str:
    """MD5 of a file in base64; empty if there is none."""
    digest = hashlib.md5(usedforsecurity=False)
    try:
        with file.open("rb", buffering=0) as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
    except FileNotFoundError:
        return ""
    return base64.b64encode(digest.digest()).decode()


def _part_name(name: str, etag: str) -> str:
    """Name of the part of a file: a hash, because a file's own name may be as long as names can be."""
    mine = hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()[:16]
    return f".{mine}.{base64.urlsafe_b64encode(etag.encode()).decode()[:180]}.part"


def _etag_of(part: Path) -> str:
    return base64.urlsafe_b64decode(part.name.split(".")[2]).decode()
