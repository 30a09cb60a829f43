"""Requests and answers of HTTP/1.1 on an open connection, for answers that fit into memory.

`http.client` spends half of a small upload's time on its general handling of headers; this reads no more than the Blob
service's answers need, and refuses what it doesn't know.
"""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

JOINED = 256 << 10
"""Bodies up to this size (bytes) go out together with the headers: one write, one packet fewer."""
LONGEST_HEAD = 64 << 10
"""Status line and headers of an answer, or one line of a chunked body, are shorter (bytes)."""
PIECE = 64 << 10
"""Received at once (bytes)."""
Body = bytes | memoryview
"""What a request carries."""
_NO_BODY = frozenset({204, 304})
_LAST_INTERIM = 199
"""Status codes up to this one announce an answer, and are none."""


def send(connection: socket.socket, method: str, target: str, headers: Mapping[str, str], body: Body) -> None:
    """Write a whole request; its headers say its length."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    head = "\r\n".join(lines).encode("ascii")
    if len(body) <= JOINED:
        connection.sendall(b"".join((head, body)))
    else:
        connection.sendall(head)
        connection.sendall(body)


class Reader:
    """What comes in on a connection. It holds no reference that would keep the socket open."""

    def __init__(self, connection: socket.socket) -> None:
        self._receive = connection.recv
        self._got = b""

    def until(self, mark: bytes, limit: int) -> bytes:
        """All up to a mark, without it; HTTPException if the connection ends first, or the limit (bytes) is passed."""
        while (end := self._got.find(mark)) < 0:
            if len(self._got) > limit:
                raise http.client.HTTPException("the headers of the answer are too long")
            if not (data := self._receive(PIECE)):
                if not self._got:
                    raise http.client.RemoteDisconnected("the server closed the connection without an answer")
                raise http.client.IncompleteRead(self._got[:100])
            self._got += data
        found, self._got = self._got[:end], self._got[end + len(mark) :]
        return found

    def exactly(self, count: int) -> bytes:
        """So many bytes; IncompleteRead if the connection ends first."""
        parts, have = [self._got], len(self._got)
        while have < count:
            if not (data := self._receive(PIECE)):
                raise http.client.IncompleteRead(b"", count - have)
            parts.append(data)
            have += len(data)
        whole = b"".join(parts)
        self._got = whole[count:]
        return whole[:count]

    def rest(self) -> bytes:
        """All until the connection ends."""
        parts = [self._got]
        while data := self._receive(PIECE):
            parts.append(data)
        self._got = b""
        return b"".join(parts)


def receive(reader: Reader, method: str) -> tuple[int, dict[str, str], bytes, bool]:
    """Read one answer: status, headers by lower-case name, body, and whether the connection can be used again.

    Raises HTTPException if it is cut short, or no HTTP.
    """
    status, headers = _head(reader)
    while status <= _LAST_INTERIM:
        status, headers = _head(reader)
    reusable = headers.get("connection", "").lower() != "close"
    if method == "HEAD" or status in _NO_BODY:
        return status, headers, b"", reusable
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return status, headers, _chunks(reader), reusable
    if "content-length" in headers:
        return status, headers, reader.exactly(_number(headers["content-length"], 10)), reusable
    return status, headers, reader.rest(), False


def _head(reader: Reader) -> tuple[int, dict[str, str]]:
    first, *lines = reader.until(b"\r\n\r\n", LONGEST_HEAD).decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1."):
        raise http.client.BadStatusLine(first[:100])
    headers = {"connection": "close"} if version == "HTTP/1.0" else {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return _number(rest[:3], 10), headers


def _chunks(reader: Reader) -> bytes:
    parts = []
    while size := _number(reader.until(b"\r\n", LONGEST_HEAD).partition(b";")[0].decode("latin-1"), 16):
        parts.append(reader.exactly(size))
        reader.exactly(2)
    while reader.until(b"\r\n", LONGEST_HEAD):
        pass  # trailers, which the service doesn't send
    return b"".join(parts)


def _number(text: str, base: int) -> int:
    try:
        return int(text, base)
    except ValueError as error:
        raise http.client.HTTPException(f"not a number in the answer: {text[:20]!r}") from error
