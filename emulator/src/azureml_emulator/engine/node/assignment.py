"""What an agent is told, as one line of JSON on its standard input, and what it tells, in a file."""

import json
from pathlib import Path
from typing import Literal, TypedDict


class Process(TypedDict):
    """One process to start."""

    command: list[str]
    """Program and arguments; the program is an absolute path."""
    variables: dict[str, str]
    """All of its environment."""
    log: str
    """Absolute path that both of its output streams are appended to."""


class Copy(TypedDict):
    """Files to be copied to the node."""

    source: str
    target: str
    writable: bool


class Bind(TypedDict):
    """A folder to be shown at another place of the node, whatever its size."""

    source: str
    target: str
    writable: bool


class Assignment(TypedDict):
    """A node's share of a run. Paths are absolute."""

    status: str
    """File that `Status` is written to."""
    lock: str
    """File that is locked (flock) for as long as any process of the agent lives."""
    separate: bool
    """Whether the node has mounts and process ids of its own."""
    disk: str
    """The node's folder, in which `folders`, targets and `work` are."""
    disk_bytes: int | None
    """How much the disk holds; needs `separate`."""
    folders: list[str]
    copies: list[Copy]
    binds: list[Bind]
    work: str
    processes: list[Process]
    grace: float
    """Seconds between asking processes to end and killing them."""


class Status(TypedDict):
    """How far a node is. `codes` are of processes that ended by themselves, by their place in the assignment."""

    phase: Literal["preparing", "running", "ended"]
    codes: dict[str, int]
    error: str
    """What could not be done; empty if nothing."""
    errno: int
    abandoned: bool
    """The emulator went away before it had asked for the end."""


def write_status(path: str, status: Status) -> None:
    """Replace the status as a whole."""
    part = Path(f"{path}.part")
    part.write_text(json.dumps(status), encoding="utf-8")
    part.replace(path)


def read_status(path: str) -> Status | None:
    """The status last written; None before the first."""
    try:
        status: Status = json.loads(Path(path).read_bytes())
    except (FileNotFoundError, ValueError):  # a power cut may leave an empty file
        return None
    return status
