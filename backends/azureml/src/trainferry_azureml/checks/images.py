"""Base images that are given up, or whose tag can't be right."""

import re
import time
from typing import TYPE_CHECKING

from trainferry_azureml.findings import finding, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job

_AZUREML = re.compile(r"mcr\.microsoft\.com/azureml/(?P<name>[^:@]+)(?::(?P<tag>[^@]+))?(@sha256:[0-9a-f]{64})?")
_DEPRECATED = re.compile(
    r"azureml/(base(-gpu|-lite)?([:@]|$)|(intelmpi|openmpi1|openmpi3|mpich|o16n)|minimal-ubuntu(16|18)|dnn)|ubuntu-?:?(14|16|18)\.?04|"
    r"cuda-?(7|8|9|10)([.\d]|-|$)|cudnn(5|6|7)|tensorflow/tensorflow:(0|1|2\.[0-9](\.|-|$))|pytorch/pytorch:(0|1\.[0-9](\.|-|$))|"
    r"python:(2|3\.[0-8])([.\-]|$)|nvidia/cuda:(7|8|9|10)|continuumio/|debian:(jessie|stretch|buster|[89])|centos:[5-8]"
)
"""Images on Microsoft's list "Base image is deprecated", and systems that had their last update."""
_PUBLIC = frozenset(
    {"mcr.microsoft.com", "docker.io", "registry-1.docker.io", "ghcr.io", "quay.io", "nvcr.io", "gcr.io"}
    | {"public.ecr.aws", "registry.access.redhat.com", "registry.k8s.io"}
)
"""Registries that most images can be pulled from without a login."""
_DATED = re.compile(r"(?P<date>\d{8})\.v\d+")
"""How Microsoft tags its images of Azure ML: 20240709.v1."""


def check(job: "Job") -> "Iterator[Finding]":
    """The image that the environment names, or that its Dockerfile begins with."""
    image = job.environment.image or _first_from(job)
    if not image:
        return
    here = place(job, "environment", "image" if job.environment.image else "dockerfile")
    if _DEPRECATED.search(image):
        text = f"the image {image} is deprecated: it gets no updates any more, and its build may fail any day"
        remedy = "write image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
        yield finding("image-deprecated", "warning", text, remedy, here)
    host, slash, _ = image.partition("/")
    if slash and "." in host and host not in _PUBLIC:
        text = f"the image {image} lies in the registry {host}, which may want a login that the workspace doesn't have"
        remedy = "give the workspace's identity the role AcrPull on it, or take a public image"
        yield finding("image-private", "warning", text, remedy, here)
    match = _AZUREML.fullmatch(image)
    if match and match["tag"] and not _may_be(match["tag"]):
        text = (
            f"the image {match['name']} can't have the tag '{match['tag']}': its tags are a date and a "
            "version, such as 20240709.v1"
        )
        yield finding(
            "image-tag", "error", text, f"write {match['tag'].partition('.')[0]}.v1, or leave the tag out", here
        )
    elif re.search(r"[A-Z\s]", image.partition("@")[0].partition(":")[0].partition("/")[2] or image.partition(":")[0]):
        text = f"'{image}' is no name of an image: capital letters and spaces have no place in it"
        yield finding("image-name", "error", text, "write it as docker pull takes it", here)


def _may_be(tag: str) -> bool:
    """Whether Microsoft could have given an image this tag by now."""
    if tag in ("latest", "dev"):
        return True
    match = _DATED.fullmatch(tag)
    if not match:
        return False
    try:
        moment = time.mktime(time.strptime(match["date"], "%Y%m%d"))
    except ValueError:
        return False
    return moment < time.time() + 86400


def _first_from(job: "Job") -> str | None:
    """The image that the job's Dockerfile builds on; None if there is none to be read."""
    if not job.environment.dockerfile:
        return None
    try:
        text = (job.folder / job.environment.dockerfile).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    match = re.search(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)", text, re.MULTILINE | re.IGNORECASE)
    return match[1] if match and "$" not in match[1] else None
