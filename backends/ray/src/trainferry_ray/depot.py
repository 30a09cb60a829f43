"""Asking the node that has a run's files: directly where this machine sees them, else by a job that answers in its log.

An errand costs about two seconds of Ray's time, so each asks for as much as it can.
"""

import base64
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from trainferry.errors import BackendError
from trainferry_ray import packing
from trainferry_ray.api import RayApi
from trainferry_ray.node import errands
from trainferry_ray.target import Target

ENTRY = 'exec "${TRAINFERRY_PYTHON:-python3}" -I -X utf8 trainferry_ray/node/__main__.py'
"""The command of every job of ours: fixed, because Ray hands it to a shell. What differs travels as data."""

_PATIENCE = 300.0
_DONE = {"SUCCEEDED", "FAILED", "STOPPED"}
_SETTLED = 5.0
"""Seconds after which Ray has done with a job that ended."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0


class Depot:
    """The files of runs on one cluster."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def ask(self, errand: str, *, near: str | None = None, parcel: bytes | None = None, **arguments: Any) -> Any:
        """The answer of an errand (see `node.errands`); `near` is a run whose node it has to be done on.

        BackendError with the node's own words if it can't be done.
        """
        if self._target.visible is not None and parcel is None:
            try:
                return errands.FUNCTIONS[errand](self._target.visible, **arguments)
            except (OSError, ValueError) as error:
                raise BackendError(f"can't do '{errand}' in {self._target.visible}: {error}") from error
        return self.send(errand, near=near, parcel=parcel, **arguments)

    def send(self, errand: str, *, near: str | None = None, parcel: bytes | None = None, **arguments: Any) -> Any:
        """As `ask`, by a job in any case."""
        api = self._target.running_api()
        question = {"errand": errand, "storage": self._target.storage, "arguments": arguments}
        encoded = base64.urlsafe_b64encode(json.dumps(question).encode()).decode()
        with _errand(api, f"{ENTRY} errand {encoded}", _place(api, near), parcel) as log:
            try:
                return errands.answer_of(log)
            except ValueError as error:
                raise BackendError(
                    f"{self._target.title} could not do '{errand}': {error}",
                    remedy="look at the cluster's dashboard; do its nodes have a python3, and room on the disk?",
                ) from error


def _place(api: RayApi, near: str | None) -> dict[str, float]:
    """The resource that brings a job to the node where a run's driver was; that node has the run's files."""
    job = api.job(near) if near else None
    address = (job or {}).get("driver_agent_http_address")
    host = urlsplit(address).hostname if address else None
    return {f"node:{host}": 0.001} if host else {}


@contextmanager
def _errand(api: RayApi, entrypoint: str, place: dict[str, float], parcel: bytes | None) -> Iterator[str]:
    """The log of a job that does an errand; the next one has the cluster forget it."""
    code = packing.pack(packing.node_files())
    runtime: dict[str, Any] = {"working_dir": api.put_package(packing.name_of(code), code)}
    if parcel is not None:
        archive = packing.pack({"trainferry_parcel": parcel}, compress=False)
        runtime["py_modules"] = [api.put_package(packing.name_of(archive), archive)]
    name = errands.ERRAND_PREFIX + secrets.token_hex(8)
    api.submit(
        {"submission_id": name, "entrypoint": entrypoint, "runtime_env": runtime, "entrypoint_resources": place or None}
    )
    try:
        _wait(api, name)
        yield api.log(name) or ""
    finally:
        with suppress(BackendError):
            api.stop(name)  # if this client gives up; one that has ended stays as it is
            _forget_errands(api)


def _forget_errands(api: RayApi) -> None:
    """Have the cluster forget errands that were done some seconds ago.

    Not at once: Ray looks at a job a last time after its end, and would list one that was deleted by then again, as
    failed.
    """
    for name, job in api.jobs().items():
        done = job["status"] in _DONE and time.time() - (job["end_time"] or 0) / 1000 > _SETTLED
        if name.startswith(errands.ERRAND_PREFIX) and done:
            api.delete(name)


def _wait(api: RayApi, name: str) -> None:
    deadline, pause = time.monotonic() + _PATIENCE, _FIRST_PAUSE
    while True:
        job = api.job(name)
        if job is None or job["status"] in _DONE:
            return
        if time.monotonic() > deadline:
            raise BackendError(
                f"the cluster at {api.address} has not done an errand within {_PATIENCE:g} s",
                remedy="is its head node overloaded, or the node gone? look at the dashboard",
            )
        time.sleep(pause)
        pause = min(1.3 * pause, _LONGEST_PAUSE)
