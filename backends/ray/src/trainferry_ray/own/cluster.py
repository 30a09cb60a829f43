"""Starting, finding and stopping the cluster on this machine, from the client's side."""

import fcntl
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path
from typing import Any

from trainferry.errors import BackendError
from trainferry.progress import Progress, Report
from trainferry_ray.node.folders import read_json
from trainferry_ray.own.keeper import LOCK, MARK
from trainferry_ray.settings import RaySettings

_PASSED = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_*", "TZ", "TMPDIR", "LD_LIBRARY_PATH"),
    *("*_PROXY", "*_proxy", "*_CA_BUNDLE", "SSL_CERT_*", "UV_*", "PIP_*"),
    *("OMP_*", "OPENBLAS_*", "MKL_*", "CUDA_*", "NVIDIA_*", "ROCR_*", "HIP_*", "TF_CPP_*"),
)
"""Variables of the client that the cluster gets, and with it every script on it: no secrets of the shell."""

_PATIENCE = 200.0
_STOP_PATIENCE = 60.0


class OwnCluster:
    """The cluster of this user on this machine, running or not. Its files lie in `home`."""

    def __init__(self, home: Path, settings: RaySettings) -> None:
        self._home = home
        self._settings = settings

    @property
    def storage(self) -> Path:
        """Where its nodes keep runs, environments and datasets; stays when the cluster stops."""
        return self._home / "storage"

    @property
    def log(self) -> Path:
        """What the keeper and Ray's own start said."""
        return self._home / "keeper.log"

    def record(self) -> dict[str, Any] | None:
        """Where the running cluster is; None if none runs."""
        found = read_json(self._home / "cluster.json")
        return found if isinstance(found, dict) and self._kept() else None

    def difference(self) -> str:
        """How the running cluster differs from what this client would start; empty if it doesn't, or none runs."""
        found = self.record()
        if found is None:
            return ""
        if found["python"] != sys.executable:
            return f"was started by {found['python']}, and this is {sys.executable}"
        installed = version("ray")
        return f"runs Ray {found['ray']}, and {installed} is installed now" if found["ray"] != installed else ""

    def token(self) -> str:
        """What a client must send along; empty if there is no cluster."""
        try:
            return (self._home / "token").read_text(encoding="ascii")
        except OSError:
            return ""

    def _kept(self) -> bool:
        """Whether a keeper lives: it holds a lock for as long as it does."""
        try:
            with (self._home / "keeper.lock").open("r+b") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def start(self, report: Report) -> dict[str, Any]:
        """Start the cluster unless it runs; of many that ask at once one starts it, the others wait. Its record."""
        if found := self.record():
            return found
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            if found := self.record():
                return found
            report(Progress("starting a Ray cluster on this machine"))
            clear_leftovers(self._home)
            self._launch()
            return self._await(report)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self._home / "start.lock").open("w", encoding="ascii") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    def _launch(self) -> None:
        (self._home / "cluster.json").unlink(missing_ok=True)
        settings = self._settings
        config = {
            "nodes": settings.nodes,
            "node_cpus": settings.node_cpus or os.cpu_count() or 1,
            "node_memory_mb": settings.node_memory_mb,
            "idle_seconds": settings.idle_seconds,
        }
        passed = {key: value for key, value in os.environ.items() if any(fnmatch(key, name) for name in _PASSED)}
        with (self._home / "keeper.lock").open("w", encoding="ascii") as lock, self.log.open("wb") as log:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            command = [sys.executable, "-I", "-m", "trainferry_ray.own.keeper", str(self._home), json.dumps(config)]
            actions = (
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 2),
                (os.POSIX_SPAWN_DUP2, lock.fileno(), LOCK),  # held by the keeper for as long as it lives
            )
            os.posix_spawn(
                sys.executable, command, {**passed, MARK: str(self._home)}, file_actions=actions, setsid=True
            )

    def _await(self, report: Report) -> dict[str, Any]:
        begun = time.monotonic()
        while time.monotonic() - begun < _PATIENCE:
            if found := self.record():
                report(Progress(f"a Ray cluster runs on this machine: {found['address']}"))
                return found
            if not self._kept():
                break
            report(Progress("starting a Ray cluster on this machine", int(time.monotonic() - begun), None, "s"))
            time.sleep(0.1)
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        words = next((line for line in reversed(lines) if line.strip()), "it said nothing")
        raise BackendError(f"Ray did not start on this machine: {words}", remedy=f"all that was said is in {self.log}")

    def stop(self) -> None:
        """Stop the cluster, if it runs, and return when nothing of it is left; what its runs wrote stays."""
        if self._home.is_dir():
            with self._alone():
                self._stop()
                clear_leftovers(self._home)
                (self._home / "token").unlink(missing_ok=True)

    def _stop(self) -> None:
        found = self.record()
        if found is None:
            return
        try:
            os.kill(found["pid"], signal.SIGTERM)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + _STOP_PATIENCE
        while self._kept():
            with suppress(ChildProcessError):
                os.waitpid(found["pid"], os.WNOHANG)  # if this process started it
            if time.monotonic() > deadline:
                raise BackendError(
                    f"the Ray cluster on this machine (process {found['pid']}) did not stop",
                    remedy=f"look at {self.log}; then end that process",
                )
            time.sleep(0.05)


def clear_leftovers(home: Path) -> None:
    """End processes of a cluster whose keeper was killed: those of this user that carry its mark."""
    mark = f"{MARK}={home}".encode()
    deadline = time.monotonic() + 15
    while found := [pid for pid in map(_pid, Path("/proc").glob("[0-9]*")) if pid and _carries(pid, mark)]:
        if time.monotonic() > deadline:
            raise BackendError(f"processes of an earlier Ray cluster will not end: {found}", remedy="end them first")
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        time.sleep(0.02)
    try:
        temp = Path((home / "temp").read_text(encoding="utf-8"))
    except OSError:
        return
    if temp.name.startswith("tfray-"):
        shutil.rmtree(temp, ignore_errors=True)
    (home / "temp").unlink(missing_ok=True)


def _pid(folder: Path) -> int:
    return 0 if int(folder.name) == os.getpid() else int(folder.name)


def _carries(pid: int, mark: bytes) -> bool:
    try:
        return mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
