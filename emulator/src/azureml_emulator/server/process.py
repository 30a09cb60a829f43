"""One emulator process from start to end: lock, Azurite, services, engine; all of it ends with the process."""

import asyncio
import contextlib
import fcntl
import logging
import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import uvicorn

from azureml_emulator import certificates
from azureml_emulator.arm.models import put_group
from azureml_emulator.clock import Clock
from azureml_emulator.execution.runner import Runner
from azureml_emulator.faults.book import FaultBook
from azureml_emulator.places import State, write_json
from azureml_emulator.ports import is_free
from azureml_emulator.server.app import application
from azureml_emulator.server.cloud import Cloud
from azureml_emulator.server.protocol import Protocol, Server
from azureml_emulator.server.settings import Settings, load, save
from azureml_emulator.storage.azurite import Azurite, AzuriteError
from azureml_emulator.storage.blobs import Blobs
from azureml_emulator.store import Store
from azureml_emulator.workspace.models import KIND, key_of, put_workspace

BACKLOG = 512
STATE_PAUSE = 2.0
"""Seconds between two looks at whether the state folder is still there."""
Say = Callable[[str], None]
Ready = Callable[[dict[str, Any]], None]


class AlreadyRunning(Exception):
    """Another process has the state folder."""


class PortTaken(Exception):
    """A port that was asked for isn't free."""


@contextlib.contextmanager
def exclusive(state: State) -> Iterator[None]:
    """Hold the state folder; AlreadyRunning if another process has it."""
    state.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(state.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"an emulator is running on {state.root}") from None
        yield
    finally:
        os.close(descriptor)


def serve(state: State, wanted: Settings, *, say: Say, ready: Ready, ends_with_input: bool = False) -> None:
    """Run an emulator until SIGINT or SIGTERM, or until standard input ends if that was asked for.

    `ready` is called once with what `running.json` holds, when every service answers.
    """
    asked = wanted.port, wanted.blob_port
    with exclusive(state):
        _log_to(state.log)
        # Clients keep addresses there for ever, and these may be others from now on.
        shutil.rmtree(state.client, ignore_errors=True)
        settings = load(state, wanted)
        tls = certificates.ensure(state.certificates)
        if asked[1] and not is_free(asked[1]):
            raise PortTaken(f"port {asked[1]} of 127.0.0.1 isn't free; without --blob-port a free one is taken")
        listener = _listen(settings.port, only=bool(asked[0]))
        settings.port = listener.getsockname()[1]
        azurite = Azurite(state.blobs, settings.account, settings.account_key, settings.secret, tls, settings.blob_port)
        azurite.start(say)
        store, runner = Store(state.database), Runner()
        try:
            azurite.wait()
            settings.blob_port = azurite.port
            save(state, settings)
            blobs, clock = Blobs(azurite), Clock()
            faults = FaultBook(clock)
            faults.connect_storage(blobs.set_faults, blobs.faults)
            cloud = Cloud(settings, state, store, blobs, clock, faults, runner)
            runner.start(cloud)
            _first_workspace(cloud)
            asyncio.run(_serve(cloud, tls, listener, azurite, ready, ends_with_input=ends_with_input))
            if not azurite.alive:
                raise AzuriteError(f"Azurite has ended by itself; its log: {azurite.log}")
        finally:
            state.running.unlink(missing_ok=True)
            runner.close()
            azurite.stop()
            store.close()
            listener.close()


def _log_to(file: Path) -> None:
    handler = RotatingFileHandler(file, maxBytes=10_000_000, backupCount=1)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for noisy in ("httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _listen(port: int, *, only: bool) -> socket.socket:
    """A listening socket of loopback: on the port of last time if it is free, or `only` on the one asked for."""
    for number in (port,) if only else dict.fromkeys((port, 0)):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", number))
        except OSError:
            listener.close()
            continue
        listener.listen(BACKLOG)
        return listener
    raise PortTaken(f"port {port} of 127.0.0.1 isn't free; without --port a free one is taken")


def _first_workspace(cloud: Cloud) -> None:
    """The workspace that is there from the start, if one was asked for."""
    settings = cloud.settings
    where = (settings.subscription, settings.resource_group)
    if settings.workspace and cloud.store.get(KIND, key_of(*where, settings.workspace)) is None:
        put_group(cloud, *where, settings.location, {})
        put_workspace(cloud, *where, settings.workspace, {"location": settings.location})


def described(cloud: Cloud) -> dict[str, Any]:
    """What `running.json` holds."""
    settings = cloud.settings
    return {
        "pid": os.getpid(),
        "url": cloud.url,
        "port": settings.port,
        "blob_port": settings.blob_port,
        "subscription_id": settings.subscription,
        "resource_group": settings.resource_group,
        "workspace": settings.workspace,
        "location": settings.location,
        "account": settings.account,
        "secret": settings.secret,
        "client": settings.client,
        "client_secret": settings.client_secret,
    }


async def _serve(
    cloud: Cloud,
    tls: certificates.Certificates,
    listener: socket.socket,
    azurite: Azurite,
    ready: Ready,
    *,
    ends_with_input: bool,
) -> None:
    config = uvicorn.Config(
        application(cloud),
        ssl_certfile=str(tls.certificate),
        ssl_keyfile=str(tls.key),
        http=Protocol,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
        timeout_keep_alive=60,
        backlog=BACKLOG,
    )

    def announce() -> None:
        write_json(cloud.state.running, described(cloud), private=True)
        ready(described(cloud))

    server = Server(config, announce)
    loop = asyncio.get_running_loop()

    def end() -> None:
        server.should_exit = True

    def end_soon() -> None:
        # The loop may have ended by itself.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(end)

    # A loop that is told to stop twice must not be interrupted half way through stopping its children.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end)
    watches: list[Callable[..., None]] = [partial(_watch_azurite, azurite), partial(_watch_state, cloud.state)]
    if ends_with_input:
        watches.append(_watch_input)
    for watch in watches:
        threading.Thread(target=watch, args=(end_soon,), daemon=True).start()
    await server.serve(sockets=[listener])


def _watch_azurite(azurite: Azurite, end: Callable[[], None]) -> None:
    """Blob storage gone is everything gone: better to end than to fail at each request."""
    azurite.wait_for_end()
    logging.getLogger("azureml_emulator").info("Azurite has ended; its log: %s", azurite.log)
    end()


def _watch_state(state: State, end: Callable[[], None]) -> None:
    """Whoever deletes the folder of a detached emulator has no use for it, and has forgotten to stop it."""
    while state.root.is_dir():
        time.sleep(STATE_PAUSE)
    end()


def _watch_input(end: Callable[[], None]) -> None:
    """Whoever started us holds the other end of standard input; when it is gone, so are we."""
    with contextlib.suppress(OSError, ValueError):
        while sys.stdin.buffer.read(1024):
            pass
    end()
