"""What a job takes of each node, from its compute spec and the settings."""

import re
from dataclasses import dataclass, field
from typing import Any

from trainferry.specs.job import Job
from trainferry_ray.settings import RaySettings

_SIZE = re.compile(r"\s*([A-Za-z][\w.:-]*)\s*=\s*(\d+(?:\.\d+)?)\s*")
_OWN = {"cpus": "cpus", "cpu": "cpus", "gpus": "gpus", "gpu": "gpus", "memory_gb": "memory_gb"}
GIGABYTE = 10**9


@dataclass(frozen=True, slots=True)
class Resources:
    """What one node of a job takes; memory in bytes."""

    cpus: float
    gpus: float
    memory: int
    custom: dict[str, float] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """Plain data, as it travels to the node."""
        return {"cpus": self.cpus, "gpus": self.gpus, "memory": self.memory, "custom": self.custom}

    def as_ray(self) -> dict[str, float]:
        """By Ray's own names; what isn't wanted is left out."""
        wanted = {"CPU": self.cpus, "GPU": self.gpus, "memory": float(self.memory), **self.custom}
        return {key: value for key, value in wanted.items() if value}

    def __str__(self) -> str:
        words = []
        for key, value in self.as_ray().items():
            words.append(f"{value / GIGABYTE:g} GB memory" if key == "memory" else f"{value:g} {key}")
        return ", ".join(words) or "nothing"


def resources_of(job: Job, settings: RaySettings) -> Resources:
    """What each node of the job takes: `compute.size` if it is in this backend's spelling, else the settings."""
    own = parse_size(job.compute.size) or {}
    custom = {key: value for key, value in own.items() if key not in _OWN.values()}
    return Resources(
        cpus=own.get("cpus", settings.cpus),
        gpus=own.get("gpus", settings.gpus),
        memory=int(own.get("memory_gb", settings.memory_gb) * GIGABYTE),
        custom={**settings.resources, **custom},
    )


def parse_size(size: str | None) -> dict[str, float] | None:
    """`cpus=4,gpus=1,memory_gb=8` as numbers by name; None for a size that another target's spelling is meant by."""
    if size is None:
        return None
    result = {}
    for part in size.split(","):
        match = _SIZE.fullmatch(part)
        if not match:
            return None
        result[_OWN.get(match.group(1).lower(), match.group(1))] = float(match.group(2))
    return result
