"""The keeper of a cluster on this machine: a process that starts Ray's, watches them, and ends with them.

Everything listens for a token that only this user can read; the dashboard listens on loopback alone. Whatever way
the keeper ends, but a kill, none of the cluster's processes or files stay behind; after a kill the next start does.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from trainferry.errors import BackendError
from trainferry_ray.api import RayApi
from trainferry_ray.node import kernel, tree
from trainferry_ray.node.distribution import free_ports
from trainferry_ray.node.folders import write_json

HOST = "127.0.0.1"
MARK = "TRAINFERRY_RAY_CLUSTER"
"""Variable that every process of the cluster carries: by it those are found that a killed keeper left."""
LOCK = 3
"""Descriptor of the lock that says that a keeper lives; taken by whoever starts it."""
_START_UP = 180.0
_GRACE, _IDLE_GRACE = 10.0, 0.5
"""Seconds that processes may take to end by themselves when the cluster stops: while runs go on, and else."""
_OPEN = {"PENDING", "RUNNING"}
"""States of a job that is work."""
_IDLE_LOOK = 5.0
"""Most seconds between two looks whether the cluster has work."""
_LONG = "31536000"
"""Seconds (a year) that a job may wait for resources; Ray's own limit of 15 minutes would fail a queue of trainings."""


class Keeper:
    """The cluster while it lives."""

    def __init__(self, home: Path, config: dict[str, Any]) -> None:
        self._home = home
        self._config = config
        self._stopped = False
        self._temp = Path(tempfile.mkdtemp(prefix="tfray-", dir="/tmp"))
        (home / "temp").write_text(str(self._temp), encoding="utf-8")  # for the next start, if this one is killed
        self._token = secrets.token_hex(32)
        self._api: RayApi | None = None
        self._children: list[subprocess.Popen[bytes]] = []

    def keep(self) -> None:
        """Start the cluster, say so in `cluster.json`, and stay until it is to stop."""
        signal.signal(signal.SIGTERM, self._stop)
        kernel.adopt_orphans()
        try:
            self._start()
            while not self._stopped and all(child.poll() is None for child in self._children):
                if self._idle():
                    break
                self._sleep(min(_IDLE_LOOK, self._config["idle_seconds"] / 4 or _IDLE_LOOK))
        finally:
            (self._home / "cluster.json").unlink(missing_ok=True)
            tree.end_all({}, _GRACE if self._busy() else _IDLE_GRACE)
            shutil.rmtree(self._temp, ignore_errors=True)

    def _stop(self, *_: object) -> None:
        self._stopped = True

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stopped and time.monotonic() < until:
            time.sleep(0.1)

    def _start(self) -> None:
        token_file = self._home / "token"
        token_file.unlink(missing_ok=True)
        with os.fdopen(os.open(token_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(self._token)
        gcs, dashboard, client = free_ports(HOST, 3)
        address = f"http://{HOST}:{dashboard}"
        self._ray(
            "--head",
            *("--node-ip-address", "127.0.0.2", "--port", str(gcs)),
            *("--dashboard-host", HOST, "--dashboard-port", str(dashboard)),
            *("--ray-client-server-port", str(client), "--temp-dir", str(self._temp / "ray")),
        )
        self._api = api = RayApi(address, self._token)
        self._wait_for(api, 1)
        for number in range(1, self._config["nodes"]):
            self._ray("--address", f"127.0.0.2:{gcs}", "--node-ip-address", f"127.0.0.{2 + number}")
            self._wait_for(api, number + 1)  # two that start at once get in each other's way
        self._since = time.time()
        write_json(
            self._home / "cluster.json",
            {
                "address": address,
                "gcs": f"127.0.0.2:{gcs}",
                "pid": os.getpid(),
                "nodes": self._config["nodes"],
                "ray": api.versions()["ray_version"],
                "python": sys.executable,
                "started": self._since,
            },
        )

    def _ray(self, *options: str) -> None:
        beside = Path(sys.executable).parent
        command = [str(beside / "ray"), "start", "--block", *options]
        command += ["--min-worker-port", "0", "--max-worker-port", "0", "--dashboard-agent-listen-port", "0"]
        command += ["--num-cpus", str(self._config["node_cpus"]), "--disable-usage-stats"]
        command += ["--object-store-memory", str(self._config["node_memory_mb"] * 1_000_000)]
        command += ["--include-log-monitor", "false"]
        environment = {
            **os.environ,
            MARK: str(self._home),
            "PATH": f"{beside}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(self._home / "token"),
            "RAY_JOB_START_TIMEOUT_SECONDS": _LONG,
            "RAY_enable_metrics_collection": "false",
            # Ray looks for "uv run" above itself, and would then send the working folder of its own process, /, along.
            "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
            "RAY_raylet_start_wait_time_s": "120",
        }
        self._children.append(subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, cwd="/"))

    def _wait_for(self, api: RayApi, nodes: int) -> None:
        deadline = time.monotonic() + _START_UP
        while True:
            if self._stopped:
                raise SystemExit("stopped while it started")
            if any(child.poll() is not None for child in self._children):
                raise SystemExit("one of Ray's processes ended while the cluster started")
            try:
                if len(api.nodes()) >= nodes and (nodes > 1 or api.jobs() is not None):
                    return
            except Exception as error:
                if time.monotonic() > deadline:
                    raise SystemExit(f"the cluster did not start within {_START_UP:g} s: {error}") from error
            self._sleep(0.2)

    def _jobs(self) -> list[dict[str, Any]] | None:
        """Every job of the cluster; None if its head doesn't answer, which is no reason to end its work."""
        try:
            return list(self._api.jobs().values()) if self._api else []
        except BackendError:
            return None

    def _busy(self) -> bool:
        jobs = self._jobs()
        return jobs is None or any(job["status"] in _OPEN for job in jobs)

    def _idle(self) -> bool:
        """Whether the cluster has had no work for as long as it may."""
        jobs = self._jobs()
        if not self._config["idle_seconds"] or jobs is None or any(job["status"] in _OPEN for job in jobs):
            return False
        last = max([self._since, *((job["end_time"] or 0) / 1000 for job in jobs)])
        return bool(time.time() - last > self._config["idle_seconds"])


def main(home: str, config: str) -> None:
    """Keep a cluster whose files lie in `home`."""
    os.set_inheritable(LOCK, False)  # noqa: FBT003  (positional only)
    os.chdir("/")
    Keeper(Path(home), json.loads(config)).keep()


if __name__ == "__main__":
    main(*sys.argv[1:])
