"""Bringing datasets to the cluster: by the path that its nodes share with this machine, else by content."""

import hashlib
import json
from pathlib import Path
from typing import Any

from trainferry.errors import BackendError
from trainferry.progress import Progress, Report
from trainferry.specs.job import Job
from trainferry_ray.content import Content, content_of
from trainferry_ray.depot import Depot
from trainferry_ray.target import Target

PIECE = 64 << 20
"""Bytes of one piece of an upload; the head node keeps a piece in memory while it arrives."""

_SHORT = 32_000
"""Bytes of a manifest that fits into a command line; a longer one travels as a parcel."""


def origin_of(job: Job, name: str) -> Path:
    """Where a dataset is on this machine; BackendError if it isn't there."""
    origin = job.dataset_path(name)
    if origin is None or not origin.exists():
        raise BackendError(
            f"the dataset '{name}' is not on this machine", remedy="give it a path to a folder or file that is there"
        )
    return origin.resolve()


def travelling(job: Job, target: Target) -> list[str]:
    """Names of the datasets that the nodes don't see where they are."""
    paths = {name: job.dataset_path(name) for name in job.datasets}
    return [name for name, path in paths.items() if path is not None and not target.shares(path.resolve())]


def as_request(job: Job, target: Target, cache: Path) -> list[dict[str, Any]]:
    """What the node is told of each dataset: where it is, or by which content it is known."""
    result = []
    away = set(travelling(job, target))
    for name, dataset in job.datasets.items():
        origin = origin_of(job, name)
        digest = content_of(origin, cache).digest if name in away else None
        file = origin.name if origin.is_file() else None
        result.append({"name": name, "mode": dataset.mode, "path": str(origin), "digest": digest, "file": file})
    return result


def upload(job: Job, name: str, target: Target, cache: Path, report: Report) -> dict[str, Any]:
    """Bring a dataset to the storage of the cluster's head, unless it is there; goes on where one stopped."""
    content = content_of(origin_of(job, name), cache)
    depot = Depot(target)
    received = _begin(depot, content)
    if received < 0:
        return {"digest": content.digest, "bytes": 0}
    sent = 0
    for piece in content.stream(received, PIECE):
        report(Progress(f"uploading the dataset {name}", received, content.size, "byte"))
        answer = depot.ask(
            "receive",
            parcel=piece,
            digest=content.digest,
            offset=received,
            sha256=hashlib.sha256(piece).hexdigest(),
        )
        sent += len(piece)
        received += len(piece)
        if answer < 0:
            break
    else:
        raise BackendError(
            f"the dataset '{name}' changed while it was uploaded", remedy="run it again when nothing writes to it"
        )
    report(Progress(f"uploading the dataset {name}", content.size, content.size, "byte"))
    return {"digest": content.digest, "bytes": sent}


def _begin(depot: Depot, content: Content) -> int:
    manifest = json.dumps(content.manifest)
    if len(manifest) <= _SHORT:
        return int(depot.ask("begin_upload", digest=content.digest, manifest=content.manifest))
    return int(depot.ask("begin_upload", digest=content.digest, parcel=manifest.encode()))
