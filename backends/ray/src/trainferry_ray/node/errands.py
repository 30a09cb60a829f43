"""What a node does for a client that does not see its disk: small questions, asked as jobs, answered in their logs.

Each is a function of the storage folder and plain arguments, with a plain answer: a client that sees the same disk
calls it directly. Bytes travel as base64.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import re
import sys
import time
import zlib
from pathlib import Path

from trainferry_ray.node import outcome, results, upload
from trainferry_ray.node.folders import RunFolder, read_json, storage_of
from trainferry_ray.node.relay import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

ANSWER = "\x1etrainferry-answer "
"""What opens the line with the answer."""

ERRAND_PREFIX = "trainferry-errand-"
"""Start of the ids of the jobs that carry errands."""

_OLD = 600.0
"""Seconds after which the log of another errand, which a client has read long since, is deleted."""


def main(encoded: str) -> int:
    """Do the errand that a client sent, and print the answer; a mistake is an answer too."""
    question = json.loads(base64.urlsafe_b64decode(encoded))
    _tidy()
    try:
        data = FUNCTIONS[question["errand"]](storage_of(question["storage"]), **question["arguments"])
        answer = {"answer": data}
    except (OSError, ValueError, KeyError, upload.Damaged) as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    say(f"{ANSWER}{base64.b64encode(zlib.compress(json.dumps(answer).encode(), 1)).decode()}\n")
    return 0


def _tidy() -> None:
    """Delete the logs of earlier errands, which may hold whole files."""
    try:
        folder = Path(os.readlink("/proc/self/fd/1")).parent
        for path in folder.glob(f"job-driver-{ERRAND_PREFIX}*.log"):
            if time.time() - path.stat().st_mtime > _OLD:
                path.unlink()
    except OSError:
        return


def state_of(storage: Path, run_id: str) -> Any:
    """The state of a run as the node keeps it; None if there is no such run."""
    return read_json(RunFolder.of(storage, run_id).state)


def list_files(storage: Path, run_id: str) -> list[list[Any]]:
    """Path and size of each file of a run."""
    return [[path, size] for path, size, _ in results.listing(RunFolder.of(storage, run_id))]


def read_files(storage: Path, run_id: str, pieces: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Pieces (path, offset, size) of files of a run; with the last piece of a file comes the sha256 of the whole."""
    places = {path: (place, size) for path, size, place in results.listing(RunFolder.of(storage, run_id))}
    answers: list[dict[str, Any]] = []
    for path, offset, size in pieces:
        if path not in places:
            answers.append({"missing": True})
            continue
        place, total = places[path]
        with open(place, "rb") as stream:
            stream.seek(offset)
            data = stream.read(size)
            answer = {"data": base64.b64encode(data).decode(), "size": total}
            if offset + len(data) >= total:
                stream.seek(0)
                answer["sha256"] = hashlib.sha256(stream.read()).hexdigest()
        answers.append(answer)
    return answers


def begin_upload(storage: Path, digest: str, manifest: list[list[Any]] | None = None) -> int:
    """How much of a dataset is there (bytes), -1 if it is whole; the manifest, if it is long, came as a package."""
    if upload.is_complete(storage, digest):
        return -1
    if manifest is None:
        manifest = json.loads(_parcel())
    received = upload.begin(storage, digest, manifest)
    return -1 if upload.is_complete(storage, digest) else received


def receive(storage: Path, digest: str, offset: int, sha256: str) -> int:
    """Take a piece of a dataset that came as a package; returns how much is there now, -1 if the dataset is whole."""
    data = _parcel()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise upload.Damaged("a piece arrived damaged; send it again")
    received = upload.receive(storage, digest, offset, data)
    return -1 if upload.is_complete(storage, digest) else received


def _parcel() -> bytes:
    """What came along with this errand as a package: Ray has put its folder on the search path."""
    for entry in [*os.environ.get("PYTHONPATH", "").split(os.pathsep), *sys.path]:
        home = Path(entry) / "trainferry_parcel"
        if home.is_file():
            return home.read_bytes()
    raise FileNotFoundError("the package of this errand has not arrived")


def give_up_waiting(_: Path, run_id: str) -> bool:
    """Take a job that still waits for resources out of Ray's queue: stopping it, as Ray does, would wait with it."""
    import ray  # noqa: PLC0415  (this is Ray's own interpreter)

    ray.init(
        address="auto", logging_level=logging.ERROR, log_to_driver=False, namespace="SUPERVISOR_ACTOR_RAY_NAMESPACE"
    )
    try:
        ray.kill(ray.get_actor(f"_ray_internal_job_actor_{run_id}"), no_restart=True)
    except ValueError:
        return False
    return True


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "state_of": state_of,
    "list_files": list_files,
    "read_files": read_files,
    "begin_upload": begin_upload,
    "receive": receive,
    "give_up_waiting": give_up_waiting,
}
"""Every errand, by name."""


def part_after(log: str, mark: str) -> str | None:
    """What follows the last such mark in a job's log, to the end of the line; None if it isn't there.

    The last one, because a script may print what looks like ours, but not after us.
    """
    found = re.findall(f"{re.escape(mark)}([^\n]*)\n", log)
    return found[-1] if found else None


def answer_of(log: str) -> Any:
    """The answer in an errand's log; ValueError with the node's own words if there is none, or if it is a mistake."""
    encoded = part_after(log, ANSWER)
    if encoded is None:
        raise ValueError(outcome_words(log))
    answer = json.loads(zlib.decompress(base64.b64decode(encoded)))
    if "error" in answer:
        raise ValueError(answer["error"])
    return answer["answer"]


def outcome_words(log: str) -> str:
    """The last words of a log that holds no answer."""
    lines = [line for line in log.splitlines() if line.strip() and outcome.BEGIN not in line]
    return lines[-1][:500] if lines else "it said nothing"
