"""What an environment of a job is on Azure: its name, which holds a hash of its content, and the definition itself."""

import hashlib
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainferry.errors import BackendError, Location

if TYPE_CHECKING:
    from trainferry.specs.environment import EnvironmentSpec

DEFAULT_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
"""Base image of environments that name none: Microsoft's public one for training, with Open MPI and without CUDA."""
DEFAULT_CHANNELS = ("conda-forge",)


@dataclass(frozen=True, slots=True)
class Definition:
    """An environment as it is registered. Equal content has an equal name, wherever and whenever it was written."""

    name: str
    conda: dict[str, Any] | None
    """A conda specification; None where the image brings all that is needed."""
    image: str | None
    dockerfile: str | None
    """Text of the user's own Dockerfile; then there is no image."""

    @property
    def packages(self) -> int:
        """How many packages are asked for (count)."""
        dependencies = self.conda["dependencies"] if self.conda else []
        pip = sum(len(one["pip"]) for one in dependencies if isinstance(one, dict))
        return pip + sum(isinstance(one, str) for one in dependencies) - 2 if self.conda else 0

    def to_data(self) -> dict[str, Any]:
        """Plain JSON-ready data."""
        return {"name": self.name, "conda": self.conda, "image": self.image, "dockerfile": self.dockerfile}


def definition_of(spec: "EnvironmentSpec", job_name: str, folder: Path) -> Definition:
    """The definition of an environment that is no curated one; relative paths start at `folder`.

    Raises BackendError if the Dockerfile can't be read. What azureml-core would add by itself is left out: its pinned
    Python, its index lines, its example variable; the hash would not know of them.
    """
    dockerfile = _read(folder / spec.dockerfile) if spec.dockerfile else None
    image = None if dockerfile else spec.image or DEFAULT_IMAGE
    needs_packages = bool(spec.pip or spec.conda) or not (spec.image or dockerfile)
    conda = conda_specification(spec) if needs_packages else None
    content = json.dumps([conda, image, dockerfile], sort_keys=True)
    digest = hashlib.sha256(content.encode()).hexdigest()
    return Definition(f"{_stem(spec.name or f'{job_name}-env')}-{digest[:16]}", conda, image, dockerfile)


def conda_specification(spec: "EnvironmentSpec") -> dict[str, Any]:
    """The packages as a conda specification, with the Python that was asked for, else that of this machine."""
    python = spec.python or f"{sys.version_info.major}.{sys.version_info.minor}"
    dependencies: list[Any] = [f"python={python}", "pip", *spec.conda]
    if spec.pip:
        dependencies.append({"pip": list(spec.pip)})
    return {"name": "trainferry", "channels": list(spec.channels or DEFAULT_CHANNELS), "dependencies": dependencies}


def _stem(name: str) -> str:
    """A name that Azure takes: letters, digits, dots, hyphens and underscores; those of its own begin with AzureML."""
    clean = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "env"
    return f"own-{clean}" if clean.lower().startswith(("azureml", "microsoft")) else clean


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise BackendError(
            f"can't read the Dockerfile: {reason}",
            where=Location(str(file)),
            remedy="environment.dockerfile is a path relative to the job file",
        ) from error
