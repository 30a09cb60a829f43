"""Registering an environment and building its image, with its log followed line by line."""

import time
from typing import TYPE_CHECKING, Any

from trainferry.errors import BackendError, Location
from trainferry.progress import Progress, Report
from trainferry_azureml.environment.culprit import culprit, package_in
from trainferry_azureml.environment.reading import Registered, address, find_environment
from trainferry_azureml.service.errors import ServiceError, words_of
from trainferry_azureml.watch.ranges import read_from

if TYPE_CHECKING:
    from trainferry_azureml.sdk.acts import Sdk
    from trainferry_azureml.session import Session
    from trainferry_azureml.workspace.opening import Workspace

_PATIENCE = 7200.0
"""Seconds; an image with CUDA takes half an hour to build."""
_PAUSE = 0.5
_GOING = frozenset({"running", "queued", "notstarted", "gettingorprovisioningacr"})
_NOT_OFFERED = frozenset({404, 405, 501})


def build_environment(payload: dict[str, Any], session: "Session", sdk: "Sdk", report: Report) -> Registered:
    """Register what the payload defines, build its image, and return when it is there; what is there is taken.

    Raises BackendError with the line of the build log that tells why it failed, and the place in the job file. Where a
    workspace offers no build ahead, the image is built by the first run, as ever.
    """
    definition, workspace = payload["definition"], session.workspace()
    name = str(definition["name"])
    there = find_environment(session, workspace, name)
    if there is None:
        report(Progress(f"registering the environment {name}"))
        there = _register(definition, session, sdk, workspace)
    if there.built:
        return there
    build = _start(session, workspace, there)
    if build is None:
        return there
    status, log = _follow(session, build, name, report)
    if str(status.get("status", "")).lower() not in ("succeeded", "completed", "success"):
        raise _failure(name, status, log, payload.get("places") or {})
    return Registered(name, there.version, built=True)


def _register(definition: dict[str, Any], session: "Session", sdk: "Sdk", workspace: "Workspace") -> Registered:
    name = str(definition["name"])

    def act() -> Registered:
        from trainferry_azureml.sdk.environments import register

        return Registered(name, register(sdk.workspace(workspace.coordinates), definition), None)

    return sdk.act(f"register the environment {name}", act, lambda: find_environment(session, workspace, name))


def _start(session: "Session", workspace: "Workspace", there: Registered) -> str | None:
    """Ask for the image; returns where its build is told of, or None where there is no such service."""
    url = f"{address(workspace, there.name, there.version, 'v2.0')}/image"
    try:
        answer = session.http.json("POST", url, f"build the image of {there.name}", json={})
    except ServiceError as error:
        if error.status in _NOT_OFFERED:
            return None
        raise
    return str(answer["location"]) if answer.get("location") else None


def _follow(session: "Session", build: str, name: str, report: Report) -> tuple[dict[str, Any], str]:
    """The last word on a build and all of its log; the newest line of the log is reported as it comes."""
    log, deadline = b"", time.monotonic() + _PATIENCE
    while True:
        status: dict[str, Any] = session.http.json("GET", build, f"look at the build of {name}")
        more = _more_of(session, status, len(log))
        log += more
        text = more.decode("utf-8", "replace").strip()
        if text:
            report(Progress(f"building the image of {name}: {text.splitlines()[-1][:100]}"))
        if str(status.get("status", "")).lower() not in _GOING:
            log += _more_of(session, status, len(log))
            return status, log.decode("utf-8", "replace")
        if time.monotonic() > deadline:
            raise BackendError(
                f"the image of {name} is still being built after {_PATIENCE / 60:.0f} minutes",
                remedy="run the command again to go on waiting; the portal shows the build under Environments",
            )
        time.sleep(_PAUSE)


def _more_of(session: "Session", status: dict[str, Any], start: int) -> bytes:
    """What the build's log has from a byte on: at the address that the status names, or in the status itself."""
    url = str(status.get("logUrl") or "")
    if url:
        return read_from(session.http, url, start, "read the build log").data
    return str(status.get("buildLog") or "").encode()[start:]


def _failure(name: str, status: dict[str, Any], log: str, places: dict[str, str]) -> BackendError:
    line = culprit(log) or words_of(status)[1] or "its log says no more"
    package = package_in(line, places)
    remedy = "correct the environment in the job file; 'ferry rehearse' tries it on this machine first"
    if package:
        remedy = f"it is about '{package}' in environment; {remedy}"
    return BackendError(
        f"the image of the environment {name} can't be built: {line}",
        remedy=remedy,
        where=_location(places[package]) if package else None,
    )


def _location(text: str) -> Location:
    file, line, column = (*text.rsplit(":", 2), "", "")[:3]
    if line.isdigit() and column.isdigit():
        return Location(file, int(line), int(column))
    return Location(text)
