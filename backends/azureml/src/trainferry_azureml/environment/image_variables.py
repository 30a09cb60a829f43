"""Variables that a base image or a curated environment sets by itself, where Microsoft has published how it is made.

The sources are the Dockerfiles in Microsoft's own repositories, each read in 2026:

- Azure/AzureML-Containers, `base/cpu/openmpi4.1.0-ubuntu{20,22}.04` and `base/gpu/openmpi4.1.0-cuda11.*`;
- Azure/azureml-assets, `assets/training/general/environments/tensorflow-2.16-cuda12/context`.

Kept is what can change how a script behaves. Paths, versions of what is installed, and what only installers or the
inference server read are left out. Nothing is said of any other image: how it is made is not known.
"""

import re
from typing import TYPE_CHECKING

from trainferry_azureml.environment.definition import DEFAULT_IMAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trainferry.specs.job import Job

_TEXT = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
_GPU = {"NCCL_DEBUG": "INFO", "HOROVOD_GPU_ALLREDUCE": "NCCL"}
_IMAGES: "tuple[tuple[re.Pattern[str], Mapping[str, str]], ...]" = (
    (re.compile(r"mcr\.microsoft\.com/azureml/openmpi4\.1\.0-ubuntu2[02]\.04([:@].*)?"), _TEXT),
    (re.compile(r"mcr\.microsoft\.com/azureml/openmpi4\.1\.0-cuda11\.\d+(\.\d+)?-cudnn8-ubuntu2[02]\.04([:@].*)?"),
     {**_TEXT, **_GPU}),
    (re.compile(r"mcr\.microsoft\.com/azureml/curated/tensorflow-2\.16-cuda12([:@].*)?"),
     {**_TEXT, **_GPU, "TF_USE_LEGACY_KERAS": "1"}),
)  # fmt: skip
_CURATED = re.compile(
    r"(azureml://registries/[^/]+/environments/)?(azureml-)?(?P<name>[^/:@]+)([/:@].*)?", re.IGNORECASE
)


def image_variables(job: "Job") -> "Mapping[str, str]":
    """What the image of a job's environment sets; empty where that is not known. The job's own variables win."""
    image = _image_of(job)
    return next((variables for pattern, variables in _IMAGES if pattern.fullmatch(image)), {})


def _image_of(job: "Job") -> str:
    """The image that the script will run in, a curated environment's under the name that Microsoft publishes it by."""
    spec = job.environment
    if spec.curated:
        match = _CURATED.fullmatch(spec.curated)
        return f"mcr.microsoft.com/azureml/curated/{match['name'].lower()}" if match else ""
    if spec.dockerfile:
        return _last_from(job)
    return spec.image or DEFAULT_IMAGE


def _last_from(job: "Job") -> str:
    """The image that the last stage of a Dockerfile builds on; empty if that is another stage, or can't be read."""
    try:
        text = (job.folder / str(job.environment.dockerfile)).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    found = re.findall(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)", text, re.MULTILINE | re.IGNORECASE)
    return str(found[-1]) if found else ""
