"""What a run is to do, as the client writes it down and the supervisor reads it back."""

from __future__ import annotations

import os

from trainferry_local.supervision import records
from trainferry_local.supervision.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trainferry_local.supervision.layout import Run


class Request:
    """A run's request. `command` starts with the absolute path of an interpreter."""

    __slots__ = (
        "command",
        "distribution",
        "grace",
        "processes",
        "processes_per_node",
        "queued_at",
        "tags",
        "timeout",
        "view",
    )

    def __init__(
        self,
        command: list[str],
        *,
        queued_at: int,
        grace: float,
        timeout: float | None = None,
        distribution: str | None = None,
        processes: int = 1,
        processes_per_node: int = 1,
        view: View | None = None,
        tags: dict[str, str] | None = None,
    ) -> None:
        self.command = command
        self.queued_at = queued_at
        """Nanoseconds since the epoch; decides the order in the queue."""
        self.grace = grace
        """Seconds between asking a process to end and making it."""
        self.timeout = timeout
        """Seconds that the script may run."""
        self.distribution = distribution
        self.processes = processes
        self.processes_per_node = processes_per_node
        self.view = view or View()
        self.tags = tags or {}
        """What `find_runs` tells of the run: its experiment under the empty key, and its tags."""


def write_request(run: Run, request: Request, variables: dict[str, str]) -> None:
    """Write a request and the script's variables; ValueError if a text holds a NUL byte."""
    fields = [("queued_at", str(request.queued_at)), ("grace", repr(request.grace))]
    if request.timeout is not None:
        fields.append(("timeout", repr(request.timeout)))
    if request.distribution is not None:
        fields += [("distribution", request.distribution), ("processes", str(request.processes))]
        fields.append(("processes_per_node", str(request.processes_per_node)))
    fields += [("word", word) for word in request.command]
    fields += [("cover", folder) for folder in request.view.covers]
    if not request.view.network:
        fields.append(("network", "off"))
    fields += [("write" if writable else "read", path) for path, writable in request.view.keeps]
    for source, place in request.view.mounts:
        fields += [("dataset", source), ("place", place)]
    for key, value in request.tags.items():
        fields += [("tag", key), ("tag_value", value)]
    records.write(run.variables, variables.items())
    records.write(run.request, fields)


def read_request(run: Run) -> Request:
    """The request of a run; OSError if it can't be read, ValueError naming the file if it is damaged."""
    try:
        return _parse(records.read(run.request))
    except (KeyError, ValueError) as error:
        raise ValueError(f"{run.request} is damaged, as by a power cut; run it again") from error


def _parse(fields: list[tuple[str, str]]) -> Request:
    single = dict(fields)

    def every(key: str) -> list[str]:
        return [value for name, value in fields if name == key]

    view = View(
        every("cover"),
        [(value, key == "write") for key, value in fields if key in {"write", "read"}],
        list(zip(every("dataset"), every("place"), strict=True)),
    )
    view.network = single.get("network") != "off"
    return Request(
        every("word"),
        queued_at=int(single["queued_at"]),
        grace=float(single["grace"]),
        timeout=float(single["timeout"]) if "timeout" in single else None,
        distribution=single.get("distribution"),
        processes=int(single.get("processes", "1")),
        processes_per_node=int(single.get("processes_per_node", "1")),
        view=view,
        tags=dict(zip(every("tag"), every("tag_value"), strict=True)),
    )


def take_variables(run: Run) -> dict[str, str]:
    """The script's variables; the file with them, which may hold secrets, is gone afterwards."""
    variables = dict(records.read(run.variables))
    os.unlink(run.variables)
    return variables
