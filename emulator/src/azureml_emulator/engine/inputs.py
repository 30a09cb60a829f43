"""Where the datasets of a run are on its nodes, and how the script hears of it."""

import os
from dataclasses import dataclass
from pathlib import Path

from azureml_emulator.engine.contract import Input, Output, WorkOrder
from azureml_emulator.engine.layout import NodeFolders
from azureml_emulator.engine.node.assignment import Bind, Copy

_TEMPORARY = Path("/tmp")  # noqa: S108  (a place that scripts name; what is put there only the run sees)


class BadOrder(Exception):
    """An order can't be carried out as it is; the text tells the one who submitted it."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Datasets and output folders of one node."""

    values: dict[str, str]
    """What takes the place of an argument such as `DatasetConsumptionConfig:data`, by that argument."""
    variables: dict[str, str]
    copies: list[Copy]
    binds: list[Bind]
    folders: list[str]


def place(order: WorkOrder, staged: dict[str, Path], folders: NodeFolders, *, mounting: bool) -> Placed:
    """Decide where everything goes on a node; `staged` has the folder of each source. Raises BadOrder.

    Without `mounting`, a mounted dataset is a copy that nobody has the permission to write to.
    """
    placed = Placed({}, {}, [], [], [])
    kinds = []
    for item in order.inputs:
        variable = item.variable or item.name
        kinds.append(f"{variable}:{item.mode.capitalize()}")
        value = item.dataset_id
        if item.mode != "direct":
            value = _bring(item, staged[item.source], folders, placed, mounting=mounting)
        for name in (f"DatasetConsumptionConfig:{item.name}", f"$AZUREML_DATAREFERENCE_{variable}"):
            placed.values[name] = value
        for name in (variable, variable.upper(), f"AZUREML_DATAREFERENCE_{variable}"):
            placed.variables[name] = value
    for output in order.outputs:
        folder = str(output_folder(output, folders))
        placed.folders.append(folder)
        placed.values[f"DatasetOutputConfig:{output.name}"] = folder
        placed.variables[output.variable or output.name] = folder
    if kinds:
        placed.variables["AZUREML_DATASET_ENVIRONMENT_VARS"] = ",".join(kinds)
    if order.outputs:
        names = [output.variable or output.name for output in order.outputs]
        placed.variables["AZUREML_DATASET_FILE_OUTPUTS"] = ";".join(names)
    return placed


def output_folder(output: Output, folders: NodeFolders) -> Path:
    """The folder that a run fills for an output."""
    return folders.inputs.with_name("outputs") / _plain(output.name)


def _bring(item: Input, source: Path, folders: NodeFolders, placed: Placed, *, mounting: bool) -> str:
    target = _target(item, folders, mounting=mounting)
    if item.mode == "mount" and mounting:
        placed.binds.append({"source": str(source), "target": str(target), "writable": False})
    else:
        own = target if target.is_relative_to(folders.disk) else folders.inputs / _plain(item.name)
        placed.copies.append({"source": str(source), "target": str(own), "writable": item.mode == "download"})
        if own != target:
            placed.binds.append({"source": str(own), "target": str(target), "writable": True})
    if item.single_file:
        files = [path for path in source.rglob("*") if path.is_file()]
        if len(files) == 1:
            return str(target / files[0].relative_to(source))
    return str(target)


def _target(item: Input, folders: NodeFolders, *, mounting: bool) -> Path:
    """Where a dataset goes: below the working folder, or, where only this run will see it, below /tmp."""
    if not item.path_on_compute:
        return folders.inputs / _plain(item.name)
    target = Path(os.path.normpath(folders.work / item.path_on_compute))
    absolute = item.path_on_compute.startswith("/")
    top = _TEMPORARY if absolute and mounting else folders.work
    if target == top or not target.is_relative_to(top):
        raise BadOrder(
            f"path_on_compute of the dataset {item.name} is {item.path_on_compute}: here it has to be a folder below "
            f"the working folder, as in path_on_compute='data'{', or below /tmp' if mounting else ''}."
        )
    if absolute and target.is_dir() and any(target.iterdir()):
        raise BadOrder(f"path_on_compute of the dataset {item.name} is {target}: on this machine, it isn't empty.")
    return target


def _plain(name: str) -> str:
    if not name or "/" in name or name in {".", ".."} or "\0" in name:
        raise BadOrder(f"{name!r} can't be the name of a dataset.")
    return name
