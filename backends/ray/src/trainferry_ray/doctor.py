"""What keeps this machine or the cluster from running jobs; tried, not guessed."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from trainferry.errors import BackendError
from trainferry.specs.finding import Finding, Severity
from trainferry_ray.settings import RaySettings
from trainferry_ray.target import Target
from trainferry_ray.watching import RUN_KEY

_LITTLE_MEMORY = 2 << 30
"""Bytes; Ray's own processes take about 1.3 GB on the head node (measured with Ray 2.60)."""


def diagnose(target: Target, settings: RaySettings) -> Iterator[Finding]:
    """Findings on the cluster by address, or on this machine as the place of one."""
    if target.own is not None:
        yield from _this_machine(settings)
    try:
        api = target.api()
        if api is None:
            return
        nodes, jobs = api.nodes(), api.jobs()
    except BackendError as error:
        yield _finding("ray-unreachable", "error", error.message, error.remedy)
        return
    if not nodes:
        text = f"{target.title} doesn't tell its nodes, so a job that fits none of them is not noticed"
        yield _finding("ray-nodes-unknown", "note", text, "install ray[default] on the head node")
    for name, job in jobs.items():
        if job["status"] == "PENDING" and (job.get("metadata") or {}).get(RUN_KEY) == name:
            wanted = job.get("entrypoint_num_cpus"), job.get("entrypoint_num_gpus")
            text = f"the run {name} waits for {wanted[0] or 0:g} CPUs and {wanted[1] or 0:g} GPUs"
            yield _finding("ray-run-waits", "note", text, f"free some, or cancel it: ferry cancel {name}")
    if target.own is None and target.visible is None and settings.shared:
        text = f"the storage {settings.storage} lies in none of the shared folders, so files travel through Ray"
        yield _finding("ray-storage-not-shared", "note", text, "set backends.ray.storage below one of them")


def _this_machine(settings: RaySettings) -> Iterator[Finding]:
    if sys.platform != "linux":
        yield _finding(
            "ray-linux-only", "error", "a Ray cluster on this machine needs Linux", "set backends.ray.address"
        )
    if not (Path(sys.executable).parent / "ray").exists():
        text = "the command 'ray' is not beside this Python"
        yield _finding("ray-missing", "error", text, "pip install --force-reinstall 'ray[default]'")
    memory = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if memory < _LITTLE_MEMORY:
        text = f"{memory / 1e9:.1f} GB of memory are free; Ray's own processes take about 1.3 GB"
        yield _finding("little-memory", "warning", text, "free some memory, or set backends.ray.address")
    shared, wanted = shutil.disk_usage("/dev/shm").free, settings.nodes * settings.node_memory_mb * 1_000_000  # noqa: S108
    if shared < wanted:
        text = f"{shared / 1e6:.0f} MB are free in /dev/shm; the object stores take {wanted / 1e6:.0f} MB"
        yield _finding("little-shared-memory", "warning", text, "set backends.ray.node_memory_mb lower")


def _finding(rule: str, severity: str, message: str, remedy: str) -> Finding:
    return Finding(id=rule, severity=Severity(severity), message=message, remedy=remedy)
