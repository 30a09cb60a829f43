"""Bringing files of a run home: several at a time, resumed, verified, and never half under their final names."""

import base64
import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.backend import refuse_escape
from trainferry.errors import BackendError
from trainferry.progress import Progress, Report

if TYPE_CHECKING:
    import requests

    from trainferry_azureml.service.http import Http

_BLOCK = 1 << 20
_TRIES = 8
"""How often a transfer that breaks off in the middle is taken up again before it is given up."""
_GONE, _BEYOND, _CHANGED = 404, 416, 412


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file that can be read at an address which opens by itself, and its path below the destination."""

    url: str
    path: str


def fetch_all(
    http: "Http", files: Sequence[RemoteFile], destination: Path, report: Report, connections: int
) -> list[Path]:
    """Bring the files below `destination`; returns where they are. The first failure ends it; what is whole stays."""
    root = destination.absolute()
    homes = [_home(root, file.path) for file in files]
    done = 0
    with ThreadPoolExecutor(min(connections, len(files)) or 1) as pool:
        work = {pool.submit(_fetch, http, file, home): file for file, home in zip(files, homes, strict=True)}
        try:
            for one in as_completed(work):
                one.result()
                done += 1
                report(Progress(f"fetching {work[one].path}", done, len(files), "file"))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return homes


def _home(root: Path, name: str) -> Path:
    """Where a file goes; BackendError if a name, or a link that is there already, would lead out of the folder."""
    refuse_escape(name)
    home = root / Path(*name.split("/"))
    if not home.parent.resolve().is_relative_to(root.resolve()):
        raise BackendError(f"refused to write {home}: a link there leads out of {root}")
    return home


def _fetch(http: "Http", file: RemoteFile, home: Path) -> None:
    """One file. Its part keeps the version in its name, so a later fetch goes on only with bytes of the same content."""
    head = http.answer("HEAD", file.url, f"fetch {file.path}", signed=False)
    size, tag = int(head.headers.get("Content-Length") or 0), head.headers.get("ETag", "")
    md5, written = head.headers.get("Content-MD5", ""), _moment(head.headers.get("Last-Modified"))
    if _is_whole(home, size, md5, written):
        return
    version = hashlib.sha256(f"{tag}{size}".encode()).hexdigest()[:12]
    part = home.with_name(f".{home.name}.{version}.part")
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        for old in home.parent.glob(f".{_escaped(home.name)}.*.part"):
            if old != part:
                old.unlink(missing_ok=True)
        for _ in range(_TRIES):
            if _more(http, file, part, size, tag):
                break
        _check(file, part, size, md5)
        if written is not None:
            os.utime(part, (written, written))
        part.replace(home)
    except OSError as error:
        raise BackendError(
            f"can't write {home}: {error.strerror or error}", remedy="free some space, or fetch to another folder"
        ) from error


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _more(http: "Http", file: RemoteFile, part: Path, size: int, tag: str) -> bool:
    """Append what is still missing; whether the part has its full length then."""
    have = part.stat().st_size if part.exists() else 0
    if have >= size:
        part.touch()
        return True
    headers = {"Range": f"bytes={have}-"} | ({"If-Match": tag} if tag else {})
    answer = http.answer(
        "GET", file.url, f"fetch {file.path}", headers=headers, signed=False, stream=True,
        accept=frozenset({_CHANGED, _BEYOND}),
    )  # fmt: skip
    with answer:
        if answer.status_code in (_CHANGED, _BEYOND):
            part.unlink(missing_ok=True)
            raise BackendError(
                f"{file.path} changed while it was fetched", remedy="fetch again, best when the run has ended"
            )
        _append(answer, part, have)
    return part.stat().st_size >= size


def _append(answer: "requests.Response", part: Path, have: int) -> None:
    """Write what comes; a connection that breaks off leaves what came until then."""
    import requests

    whole = 200
    with part.open("wb" if answer.status_code == whole else "r+b" if part.exists() else "wb") as stream:
        stream.seek(0 if answer.status_code == whole else have)
        with suppress(requests.RequestException):
            for block in answer.iter_content(_BLOCK):
                stream.write(block)
        stream.flush()
        os.fsync(stream.fileno())


def _check(file: RemoteFile, part: Path, size: int, md5: str) -> None:
    """Compare length, and content where the storage knows its MD5; a part that differs is thrown away."""
    have = part.stat().st_size if part.exists() else 0
    if have < size:
        raise BackendError(
            f"{file.path} came only in part, {have} of {size} bytes", remedy="fetch again: it goes on where it stopped"
        )
    if have > size or (md5 and _md5(part) != md5):
        part.unlink(missing_ok=True)
        raise BackendError(f"{file.path} arrived damaged", remedy="fetch again: it starts anew")


def _is_whole(home: Path, size: int, md5: str, written: float | None) -> bool:
    """Whether the file is there already: of the same content, or where only time and size are known, of those."""
    if home.is_symlink() or not home.is_file():
        return False
    there = home.stat()
    if there.st_size != size:
        return False
    return _md5(home) == md5 if md5 else there.st_mtime == written


def _moment(text: str | None) -> float | None:
    """A time as HTTP writes it, in seconds since the epoch; None if there is none."""
    return parsedate_to_datetime(text).timestamp() if text else None


def _md5(file: Path) -> str:
    with file.open("rb") as stream:
        return base64.b64encode(hashlib.file_digest(stream, _new_md5).digest()).decode()


def _new_md5() -> "hashlib._Hash":
    return hashlib.md5(usedforsecurity=False)
