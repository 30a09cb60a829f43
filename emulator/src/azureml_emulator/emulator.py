"""An emulator for a block of Python, or for a test: a process of its own that ends with the block, or with us."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from azureml_emulator.admin.client import Admin
from azureml_emulator.places import State, read_json
from azureml_emulator.server.environ import variables, without_proxy

START_LIMIT = 900.0
"""Seconds until a start is given up: the very first one fetches Azurite."""
STOP_LIMIT = 30.0


class EmulatorError(Exception):
    """The emulator didn't start; the message holds what it said."""


class AzureMLEmulator:
    """An Azure ML on this machine, while the block runs.

    Without `state`, all that it knows lies in a temporary folder and is gone afterwards; with one, the next emulator on
    that folder goes on where this one ended. Should this process be killed, the emulator ends as well, with Azurite and
    every run.

    `options` are those of `azureml-emulator start`: `workspace`, `location`, `log_layout`, `allocation_seconds`, ...
    """

    def __init__(self, state: Path | None = None, **options: Any) -> None:
        self._given = state
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self._about: dict[str, Any] = {}
        self._admin: Admin | None = None
        self.state = Path()
        """Folder with all that the emulator knows."""

    def start(self) -> Self:
        """Start it; returns when every service answers. EmulatorError with what it said if it doesn't."""
        self.state = (self._given or Path(tempfile.mkdtemp(prefix="azureml-emulator-"))).absolute()
        command = [sys.executable, "-m", "azureml_emulator", "start", "--state", str(self.state), "--json"]
        command.append("--end-with-input")
        for name, value in self._options.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        # Its standard input is a pipe that nobody writes to: it ends when we do, and then the emulator does.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        timer = threading.Timer(START_LIMIT, self._process.kill)
        timer.start()
        try:
            line = self._process.stdout.readline() if self._process.stdout else ""
        finally:
            timer.cancel()
        self._about = read_json(State(self.state).running) if line.startswith("{") else {}
        if not self._about:
            said = line + (self._process.communicate()[1] or "")
            self._clear()
            raise EmulatorError(f"the emulator didn't start: {said.strip() or 'it said nothing'}")
        self._drain()
        self._admin = Admin(self.url, State(self.state), self._about["secret"])
        return self

    def _drain(self) -> None:
        """Read what it says, so that it never waits for a reader."""
        if self._process is not None:
            for stream in (self._process.stdout, self._process.stderr):
                if stream is not None:
                    threading.Thread(target=stream.read, daemon=True).start()

    def stop(self) -> None:
        """End it with everything that it started; harmless if it doesn't run."""
        if self._admin is not None:
            self._admin.close()
            self._admin = None
        process, self._process = self._process, None
        if process is not None:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
        self._clear()

    def restart(self) -> Self:
        """End it and start it again on the same state: what a client sees after a failure of the service."""
        kept, self._given = self._given, self.state
        try:
            self.stop()
            return self.start()
        finally:
            self._given = kept

    def _clear(self) -> None:
        if self._given is None and self.state != Path():
            shutil.rmtree(self.state, ignore_errors=True)

    def __enter__(self) -> Self:
        """Start it."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self.stop()

    @property
    def admin(self) -> Admin:
        """Faults, and what clients asked."""
        if self._admin is None:
            raise EmulatorError("the emulator isn't running")
        return self._admin

    @property
    def pid(self) -> int:
        """Process id of the emulator."""
        return int(self._about["pid"])

    @property
    def url(self) -> str:
        """Root of all services."""
        return str(self._about["url"])

    @property
    def port(self) -> int:
        """Port of the services."""
        return int(self._about["port"])

    @property
    def blob_port(self) -> int:
        """Port of blob storage."""
        return int(self._about["blob_port"])

    @property
    def certificate(self) -> Path:
        """The authority that signed the emulator's certificates, in PEM."""
        return State(self.state).certificates / "ca.pem"

    @property
    def subscription_id(self) -> str:
        """The one subscription there is."""
        return str(self._about["subscription_id"])

    @property
    def resource_group(self) -> str:
        """The resource group of `workspace`."""
        return str(self._about["resource_group"])

    @property
    def workspace(self) -> str:
        """The workspace that is there from the start."""
        return str(self._about["workspace"])

    @property
    def location(self) -> str:
        """Region of `workspace`."""
        return str(self._about["location"])

    def environ(self) -> dict[str, str]:
        """The variables that point an unmodified azureml-core at this emulator, and nothing else."""
        secret = (str(self._about["client"]), str(self._about["client_secret"]))
        return {**variables(self.url, self.state, secret), **without_proxy(dict(os.environ))}

    def write_config(self, folder: Path) -> Path:
        """Write the `.azureml/config.json` that `Workspace.from_config()` reads; returns the file."""
        file = folder / ".azureml" / "config.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "Id": None,
            "Scope": (
                f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
                f"/providers/Microsoft.MachineLearningServices/workspaces/{self.workspace}"
            ),
            "subscription_id": self.subscription_id,
            "resource_group": self.resource_group,
            "workspace_name": self.workspace,
        }
        file.write_text(json.dumps(content, indent=4), encoding="utf-8")
        return file
