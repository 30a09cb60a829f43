"""Answers as servers and proxies send them, over real sockets: whole, in pieces, cut short, or with a wrong clock."""

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from email.utils import formatdate
from pathlib import Path

import pytest

from trainferry.errors import BackendError
from trainferry_azureml.data import AccountKey, ContainerAccess, Patience, plan_upload
from trainferry_azureml.data.connection import Connections
from trainferry_azureml.data.container import Container

Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server that gives one connection after the other the next of some answers; its address comes back."""
    servers: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(*answers: bytes, asked: list[float] | None = None) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def run() -> None:
            for answer in answers:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1 << 16)
                    if asked is not None:
                        asked.append(time.monotonic())
                    for piece in answer.split(b"|"):
                        connection.sendall(piece)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return f"http://127.0.0.1:{server.getsockname()[1]}"

    yield start
    for server in servers:
        server.close()
    for thread in threads:
        thread.join(5)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
        (b"HTTP/1.1 200 OK\r\nCont|ent-Length: 5\r\n\r|\nhel|lo", b"hello"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=1\r\n|lo\r\n0\r\n\r\n", b"hello"),
        (b"HTTP/1.0 200 OK\r\n\r\nto the |end", b"to the end"),
    ],
)
def test_answers_are_read_whole(serve: Serve, answer: bytes, body: bytes) -> None:
    with closing(Connections(serve(answer), 5)) as connections:
        found = connections.exchange("GET", "/", {})
    assert (found.status, found.body) == (200, body)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
    ],
)
def test_answers_that_are_none_are_failures(serve: Serve, folder: Path, answer: bytes) -> None:
    access = ContainerAccess(serve(answer) + "/account/container", AccountKey("account", "a2V5"))
    with pytest.raises(BackendError, match=r"can't (look for|list) the dataset: no connection to 127\.0\.0\.1"):
        plan_upload(folder, access, patience=Patience(seconds=0, timeout=5))


def test_a_clock_that_is_wrong_is_named_as_the_cause(serve: Serve, folder: Path) -> None:
    date = formatdate(time.time() - 3600, usegmt=True)
    refusal = f"HTTP/1.1 403 Forbidden\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n".encode()
    access = ContainerAccess(serve(refusal) + "/account/container", AccountKey("account", "a2V5"))
    with pytest.raises(BackendError, match="clock is 60 minutes ahead of the storage's") as caught:
        plan_upload(folder, access, patience=Patience(timeout=5))
    assert caught.value.remedy == "set the clock right"


def test_a_wait_that_the_server_asks_for_is_kept(serve: Serve, folder: Path) -> None:
    asked: list[float] = []
    busy = b"HTTP/1.1 429 Busy\r\nRetry-After: 0.3\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    found = b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    access = ContainerAccess(serve(busy, found, asked=asked) + "/account/container", AccountKey("account", "a2V5"))
    with pytest.raises(BackendError, match="403"):
        plan_upload(folder, access, patience=Patience(seconds=20, first_wait=0.001, timeout=5))
    assert asked[1] - asked[0] >= 0.3


def test_a_server_that_nobody_finds_is_named(folder: Path) -> None:
    access = ContainerAccess("https://no-such-account.invalid/container", AccountKey("account", "a2V5"))
    with pytest.raises(BackendError, match=r"no-such-account\.invalid"):
        plan_upload(folder, access, patience=Patience(seconds=0.1, first_wait=0.01, timeout=5))


@pytest.mark.parametrize("said", [b"", b"Content-MD5: AAAAAAAAAAAAAAAAAAAAAA==\r\n"])
def test_who_stores_without_saying_the_right_md5_has_proved_nothing(serve: Serve, said: bytes) -> None:
    stored = b"HTTP/1.1 201 Created\r\n" + said + b"Content-Length: 0\r\n\r\n"
    access = ContainerAccess(serve(stored) + "/account/container", AccountKey("account", "a2V5"))
    digest = hashlib.md5(b"data", usedforsecurity=False).digest()
    with (
        Container(access, Patience(seconds=0, timeout=5)) as container,
        pytest.raises(BackendError, match="not with the MD5 that it was sent with"),
    ):
        container.put_blob("a", b"data", digest, "upload a")
