"""Reading a file in storage from a place on: only what is new travels."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainferry_azureml.service.http import Http

_NOT_THERE_YET = frozenset({404, 416})
"""The file is not there yet, or nothing has been written beyond the place that was asked for."""
_WHOLE = 200


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a file from the place that was asked for on, and how many bytes the whole file had then."""

    data: bytes
    size: int | None


def read_from(http: "Http", url: str, start: int, doing: str, most: int | None = None) -> Piece:
    """What a file holds from byte `start` on, at most `most` bytes; nothing if it has no more, or isn't there yet.

    `url` carries its own signature, so no token of ours is sent along.
    """
    end = "" if most is None else str(start + most - 1)
    headers = {"Range": f"bytes={start}-{end}"}
    answer = http.answer("GET", url, doing, headers=headers, signed=False, accept=_NOT_THERE_YET)
    if answer.status_code in _NOT_THERE_YET:
        return Piece(b"", _size(answer.headers.get("Content-Range", "")))
    if answer.status_code == _WHOLE:  # a service that knows no ranges: the place is found here
        whole = answer.content
        return Piece(whole[start:] if most is None else whole[start : start + most], len(whole))
    return Piece(answer.content, _size(answer.headers.get("Content-Range", "")))


def _size(content_range: str) -> int | None:
    match = re.search(r"/(\d+)$", content_range)
    return int(match.group(1)) if match else None
