"""Keep-alive connections to one server: TLS verified, proxies of the environment honoured, one per thread."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from trainferry.errors import BackendError
from trainferry_azureml.data import wire

if TYPE_CHECKING:
    from collections.abc import Mapping

BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that name the certificates to trust, as requests (and so the SDK) reads them; OpenSSL reads SSL_CERT_*."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said to one request."""

    status: int
    headers: Mapping[str, str]
    """By name, which is in lower case."""
    body: bytes
    seconds: float
    """From the request to the end of the answer, on an open connection."""


class Connections:
    """Every connection of one transfer: each thread has its own, kept open between its requests.

    `url` tells scheme, host and port. `timeout` is how long a silent server is waited for (seconds). `close` may be
    called from any thread: a request under way then ends with an OSError.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self.timeout = timeout
        self._url = urlsplit(url)
        self._host = self._url.netloc.rpartition("@")[2]
        self._proxy = _proxy(self._url)
        self._tls = tls_context() if self._url.scheme == "https" else None
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._open: set[http.client.HTTPConnection] = set()
        self._closed = False

    def exchange(self, method: str, target: str, headers: Mapping[str, str], body: wire.Body = b"") -> Answer:
        """Send one request and read the whole answer; raises OSError or HTTPException if either is cut short."""
        try:
            sock = _socket(self._connection())
            start = time.perf_counter()
            with suppress(BrokenPipeError, ConnectionResetError):
                # A server that refuses a request need not read its body; what it said may still be there to read.
                wire.send(sock, method, target, {"host": self._host, **headers}, body)
            status, named, answer, reusable = wire.receive(self._mine.reader, method)
        except BaseException:
            self.drop()
            raise
        if not reusable:
            self.drop()
        return Answer(status, named, answer, time.perf_counter() - start)

    def stream(self, target: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        """Ask for something long: the caller reads it to its end, or calls `drop`."""
        try:
            connection = self._connection()
            connection.request("GET", target, headers=dict(headers))
            return connection.getresponse()
        except BaseException:
            self.drop()
            raise

    def drop(self) -> None:
        """Close this thread's connection; the next request opens another."""
        connection: http.client.HTTPConnection | None = getattr(self._mine, "connection", None)
        self._mine.connection = self._mine.reader = None
        if connection is not None:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def close(self) -> None:
        """Close all connections, and let no new one be opened."""
        with self._lock:
            self._closed = True
            connections = list(self._open)
            self._open.clear()
        for connection in connections:
            if connection.sock is not None:
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)  # wakes who waits for this socket; close alone does not
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = self._make()
            with self._lock:
                if self._closed:
                    raise ConnectionAbortedError("the transfer was stopped")
                self._open.add(connection)
            connection.connect()
            if self._closed:
                raise ConnectionAbortedError("the transfer was stopped")
            self._mine.reader = wire.Reader(_socket(connection))
        return connection

    def _make(self) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        via = self._proxy
        first = (via.hostname or "", via.port or 8080) if via else (host, port)
        connection: http.client.HTTPConnection
        if self._tls is not None:
            connection = http.client.HTTPSConnection(*first, timeout=self.timeout, context=self._tls)
        else:
            connection = http.client.HTTPConnection(*first, timeout=self.timeout)
        connection.auto_open = 0  # one that `close` has closed must stay so
        if via is not None:
            connection.set_tunnel(host, port, _proxy_headers(via))
        return connection


def _socket(connection: http.client.HTTPConnection) -> socket.socket:
    """The socket of a connection; raises ConnectionAbortedError if `close` has taken it."""
    if connection.sock is None:
        raise ConnectionAbortedError("the transfer was stopped")
    sock: socket.socket = connection.sock
    return sock


def lower_case(response: http.client.HTTPResponse) -> dict[str, str]:
    """The headers of an answer, by their names in lower case."""
    return {name.lower(): value for name, value in response.headers.items()}


def tls_context() -> ssl.SSLContext:
    """A context that verifies: against what REQUESTS_CA_BUNDLE or SSL_CERT_FILE names, else what the system trusts."""
    for variable in BUNDLES:
        if place := os.environ.get(variable):
            try:
                folder = os.path.isdir(place)
                return ssl.create_default_context(cafile=None if folder else place, capath=place if folder else None)
            except OSError as error:
                raise BackendError(
                    f"can't read the certificates that {variable} names: {place}: {error.strerror or error}",
                    remedy=f"correct {variable}, or unset it to trust what the system trusts",
                ) from error
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not any(place and Path(place).exists() for place in (paths.cafile, paths.capath)):
        from requests.utils import (
            DEFAULT_CA_BUNDLE_PATH,
        )  # a Python that was built on another machine may know no certificates

        context.load_verify_locations(cafile=DEFAULT_CA_BUNDLE_PATH)
    return context


def _proxy(url: SplitResult) -> SplitResult | None:
    """The proxy that the environment names for this address, as HTTPS_PROXY and NO_PROXY have it."""
    from urllib import request  # slow to import, and of use only here

    host = url.hostname or ""
    if url.scheme != "https" or request.proxy_bypass(host):
        return None
    proxy = request.getproxies().get("https", "")
    return urlsplit(proxy if "://" in proxy else f"http://{proxy}") if proxy else None


def _proxy_headers(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    from base64 import b64encode

    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + b64encode(pair.encode()).decode()}
