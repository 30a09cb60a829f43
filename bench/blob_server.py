"""Blob storage for the upload benchmark: Azurite in memory behind TLS, and a proxy that answers later than it could."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from azureml_emulator import certificates
from azureml_emulator.ports import free_ports
from azureml_emulator.storage.install import azurite_command

ACCOUNT = "ferrybench"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
LATENCY = 0.020
"""Seconds that the proxy holds back each piece of an answer."""


@contextmanager
def azurite() -> Iterator[tuple[int, Path]]:
    """An Azurite that keeps blobs in memory: its port, and the authority that vouches for it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made, port = certificates.ensure(folder / "tls"), free_ports(1)[0]
        command = [*azurite_command(), "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
        command += ["--inMemoryPersistence", "--blobHost", "127.0.0.1", "--blobPort", str(port)]
        command += ["--cert", str(made.certificate), "--key", str(made.key)]
        variables = {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}", "EMULATOR_ACCOUNT": ACCOUNT}
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=variables)
        try:
            _wait_for(port)
            yield port, made.authority
        finally:
            server.kill()
            server.communicate()


@contextmanager
def delayed(port: int) -> Iterator[int]:
    """A proxy before a port, in a process of its own: what the server sends arrives `LATENCY` later; its port."""
    own = free_ports(1)[0]
    proxy = subprocess.Popen([sys.executable, __file__, str(own), str(port)])
    try:
        _wait_for(own)
        yield own
    finally:
        proxy.kill()
        proxy.communicate()


def _wait_for(port: int) -> None:
    import socket

    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


class _Side(asyncio.Protocol):
    """One end of a connection through the proxy; passes on what it receives, after its delay."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.other: _Side | None = None
        self.transport: asyncio.Transport | None = None
        self.early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send what came before this end was open."""
        if isinstance(transport, asyncio.Transport):
            self.transport = transport
            transport.set_write_buffer_limits(high=1 << 26)
        for data in self.early:
            self.write(data)

    def data_received(self, data: bytes) -> None:
        """Pass on a piece."""
        if self.other is None:
            return
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self.other.write, data)
        else:
            self.other.write(data)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Close the other end once all has arrived there."""
        if self.other is not None and self.other.transport is not None:
            asyncio.get_running_loop().call_later(self.delay, self.other.transport.close)

    def write(self, data: bytes) -> None:
        """Send to whoever is at this end; keeps it until there is one."""
        if self.transport is None:
            self.early.append(data)
        elif not self.transport.is_closing():
            self.transport.write(data)


async def _serve(own: int, port: int) -> None:
    loop = asyncio.get_running_loop()
    opening = set()

    def accept() -> _Side:
        client, server = _Side(0), _Side(LATENCY)
        client.other, server.other = server, client
        task = loop.create_task(loop.create_connection(lambda: server, "127.0.0.1", port))
        opening.add(task)
        task.add_done_callback(opening.discard)
        return client

    listening = await loop.create_server(accept, "127.0.0.1", own, backlog=512)
    await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
