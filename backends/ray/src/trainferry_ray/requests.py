"""What a run is to do, as data for the node: its request, and the environment in it."""

import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainferry.errors import BackendError
from trainferry.specs.job import Job
from trainferry_ray.node import environment as on_node
from trainferry_ray.resources import resources_of
from trainferry_ray.settings import RaySettings


@dataclass(frozen=True, slots=True)
class Environment:
    """The environment of a job. Its key is decided by what gets installed; `files` are packages that travel."""

    name: str
    key: str
    version: str
    packages: tuple[str, ...]
    files: dict[str, Path]

    def as_data(self) -> dict[str, Any]:
        """As the node is told: each package with whether it is a file that came along."""
        packages = [[item, item in self.files] for item in self.packages]
        return {"name": self.name, "key": self.key, "version": self.version, "packages": packages}

    def is_built(self, storage: Path) -> bool:
        """Whether it is there, in a storage folder that this machine sees."""
        return on_node.is_built(storage, self.as_data())


def environment_of(job: Job) -> Environment:
    """The environment that a job asks for; its identity is the Python version and the packages, files by content."""
    spec = job.environment
    version = spec.python or f"{sys.version_info.major}.{sys.version_info.minor}"
    packages, files, identity = [], {}, []
    for item in spec.pip:
        path = (job.folder / item).absolute()
        if item.endswith((".whl", ".tar.gz", ".zip")) and path.is_file():
            files[path.name] = path
            packages.append(path.name)
            identity.append([path.name, hashlib.sha256(path.read_bytes()).hexdigest()])
        else:
            packages.append(item)
            identity.append([item])
    key = hashlib.sha256(json.dumps([version, *identity]).encode()).hexdigest()[:32]
    return Environment(spec.name or key[:8], key, version, tuple(packages), files)


def environment_files(environment: Environment) -> dict[str, bytes]:
    """The package files that travel, by their names in the archive."""
    try:
        return {f"requirements/{name}": path.read_bytes() for name, path in environment.files.items()}
    except OSError as error:
        raise BackendError(f"can't read {error.filename}: {error.strerror}", remedy="build the package anew") from error


def request_of(
    job: Job, run_id: str, settings: RaySettings, *, storage: str, snapshot: str, executables: list[str]
) -> dict[str, Any]:
    """The request, but for its datasets and whether it is spread over nodes."""
    spread = job.distribution
    marked = {name: f"\0{name}\0" for name in job.datasets}  # no argument can hold a NUL byte
    script = f"./{job.script}" if job.script.startswith("-") else job.script
    return {
        "run_id": run_id,
        "storage": storage,
        "snapshot": snapshot,
        "executables": executables,
        "script": script,
        "arguments": job.resolve_arguments(marked),
        "environment": None if job.environment.current else environment_of(job).as_data(),
        "variables": dict(job.environment.variables),
        "grace": settings.grace_seconds,
        "timeout": job.timeout,
        "retries": settings.retries,
        "resources": resources_of(job, settings).as_data(),
        "distribution": spread and {"kind": spread.kind, "nodes": spread.nodes, "per_node": spread.processes_per_node},
    }
