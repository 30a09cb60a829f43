"""From an order and the nodes it got to what each node's agent is told."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from azureml_emulator.engine.agents import assignment
from azureml_emulator.engine.contract import WorkOrder
from azureml_emulator.engine.distribution import Worker
from azureml_emulator.engine.inputs import BadOrder, Placed, place
from azureml_emulator.engine.layout import LogNames, NodeFolders
from azureml_emulator.engine.node.assignment import Assignment, Process

_WRAPPER = Path(__file__).parent / "node" / "job_wrapper.py"


@dataclass(frozen=True, slots=True)
class Site:
    """What a run was given on this machine."""

    python: Path
    """Interpreter of its image."""
    environment: dict[str, str]
    """Variables of its image."""
    snapshot: Path
    staged: dict[str, Path]
    """Folder of each input's source."""
    separate: bool
    disk_bytes: int | None
    logs: Path
    grace: float


def assign(order: WorkOrder, site: Site, workers: list[Worker], names: LogNames, node: Path, index: int) -> Assignment:
    """The assignment of one node, whose folder is `node`. Raises BadOrder."""
    folders = NodeFolders(node, order.run_id)
    placed = place(order, site.staged, folders, mounting=site.separate)
    mine = [worker for worker in workers if worker.node == index]
    processes = [_process(order, site, worker, placed, folders, names, len(workers) == 1) for worker in mine]
    task = assignment(node, processes, disk=folders.disk, work=folders.work, separate=site.separate, grace=site.grace)
    task["disk_bytes"] = site.disk_bytes if site.separate else None
    task["copies"] = [{"source": str(site.snapshot), "target": str(folders.work), "writable": True}, *placed.copies]
    task["binds"] = placed.binds
    if site.separate:
        task["binds"].append({"source": str(folders.scratch), "target": str(folders.temporary), "writable": True})
    own = [folders.home, folders.scratch, folders.work / "outputs", folders.work / "logs"]
    task["folders"] = [*map(str, own), *placed.folders]
    return task


def _process(
    order: WorkOrder,
    site: Site,
    worker: Worker,
    placed: Placed,
    folders: NodeFolders,
    names: LogNames,
    alone: bool,  # noqa: FBT001  (private)
) -> Process:
    log = site.logs / names.script(worker.role, worker.index, alone=alone)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch(mode=0o600)
    variables = {
        "PATH": f"{site.python.parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(folders.home),
        "TMPDIR": str(folders.temporary),
        "LANG": "C.UTF-8",  # these two as in the Dockerfiles of Microsoft's base images
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        **site.environment,
        **order.variables,
        **placed.variables,
        **worker.variables,
        **order.context,
    }
    return {"command": command_of(order, site.python, placed.values), "variables": _checked(variables), "log": str(log)}


def command_of(order: WorkOrder, python: Path, values: Mapping[str, str]) -> list[str]:
    """Program and arguments. Raises BadOrder for an argument that no process can be given."""
    arguments = [values.get(text, text) for text in map(as_text, order.arguments)]
    if any("\0" in argument for argument in (order.script, order.command, *arguments)):
        raise BadOrder("An argument contains a NUL character, which no process can be given.")
    missing = [text for text in arguments if text.startswith(("DatasetConsumptionConfig:", "DatasetOutputConfig:"))]
    if missing:
        raise BadOrder(f"The argument {missing[0]} names no dataset of this run.")
    if order.command:
        line = order.command
        for name, value in values.items():
            line = line.replace(name, value)
        return ["/bin/bash", "-c", " ".join([line, *arguments])]
    if not order.script:
        raise BadOrder("There is neither a script nor a command to run.")
    return [str(python), str(_WRAPPER), order.script, *arguments]


def as_text(value: JsonValue) -> str:
    """An argument of any JSON type as the script gets it: as Python prints it, text as it is."""
    return value if isinstance(value, str) else str(value)


def _checked(variables: dict[str, str]) -> dict[str, str]:
    for name, value in variables.items():
        if not name or "=" in name or "\0" in name + value:
            raise BadOrder(f"{name!r} can't be an environment variable with that value.")
        os.fsencode(name + value)
    return variables
