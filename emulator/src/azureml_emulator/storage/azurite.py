"""One Azurite process: started, health-checked and ended by the emulator."""

import fcntl
import os
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from azureml_emulator.certificates import Certificates, client_context
from azureml_emulator.ports import free_ports, is_free
from azureml_emulator.storage.install import Say, azurite_command, silent

READY_LIMIT = 60
"""Seconds after which an Azurite that doesn't answer is given up."""
STOP_LIMIT = 15
"""Seconds that it may take to write down what it knows and end."""


class AzuriteError(Exception):
    """Azurite doesn't run; the message holds what it said."""


@dataclass
class Azurite:
    """Blob storage for one account over TLS on loopback, with its data in `folder`."""

    folder: Path
    account: str
    key: str
    """Base64, as storage keys are."""
    secret: str
    """Whoever sends it may set faults."""
    certificates: Certificates
    port: int
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def start(self, say: Say = silent) -> None:
        """Start the process without waiting for it; `wait` does that."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = self.port if is_free(self.port) else free_ports(1)[0]
        command = [*azurite_command(say), "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
        command += ["--location", str(self.folder), "--blobHost", "127.0.0.1", "--blobPort", str(self.port)]
        command += ["--cert", str(self.certificates.certificate), "--key", str(self.certificates.key)]
        variables = {
            **os.environ,
            "AZURITE_ACCOUNTS": f"{self.account}:{self.key}",
            "EMULATOR_ACCOUNT": self.account,
            "EMULATOR_SECRET": self.secret,
        }
        claim = self._claim()
        try:
            with self.log.open("wb") as log:
                # Azurite ends when its standard input does, and that happens when this process ends, even by SIGKILL.
                self.process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=variables, start_new_session=True,
                    pass_fds=(claim,),
                )  # fmt: skip
        finally:
            os.close(claim)

    def _claim(self) -> int:
        """A lock on the folder that the process inherits: one whose emulator was killed may still be writing."""
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + STOP_LIMIT
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    raise AzuriteError(f"another Azurite uses {self.folder}, and doesn't end") from None
                time.sleep(0.05)
            else:
                return descriptor

    @property
    def log(self) -> Path:
        """What it said since its last start."""
        return self.folder / "azurite.log"

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def wait_for_end(self) -> None:
        """Return when the process has ended, or if there is none."""
        if self.process is not None:
            self.process.wait()

    def wait(self) -> None:
        """Return when storage answers; AzuriteError with what it said if it doesn't."""
        deadline = time.monotonic() + READY_LIMIT
        while not self._answers():
            if not self.alive or time.monotonic() > deadline:
                said = self.log.read_text(encoding="utf-8", errors="replace").strip()[-2000:]
                self.stop()
                raise AzuriteError(f"Azurite doesn't answer on port {self.port}; it said: {said or 'nothing'}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with (
                socket.create_connection(("127.0.0.1", self.port), timeout=2) as plain,
                client_context(self.certificates.authority).wrap_socket(plain, server_hostname="127.0.0.1") as secure,
            ):
                secure.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                return secure.recv(9).startswith(b"HTTP/1.1")
        except OSError:
            return False

    def stop(self) -> None:
        """End the process; harmless if there is none."""
        if self.process is None:
            return
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(timeout=STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
