"""The number of classes of the data against the size of the model's last layer."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

from trainferry.checks.code.keras_files import imports_keras
from trainferry.checks.code.names import argument
from trainferry.checks.code.program import Module
from trainferry.checks.code.values import DATASET, UNKNOWN
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, W
from trainferry.specs.finding import Finding

_LOADERS = frozenset({"image_dataset_from_directory", "flow_from_directory", "text_dataset_from_directory"})


def check(context: Context) -> Iterator[Finding]:
    """Each loader of class folders whose number of classes is another than the one last layer has units."""
    if context.program is None or not imports_keras(context):
        return
    last = _last_layers(context)
    units = {size for _, _, size, _ in last}
    for module, call, name in context.program.calls():
        if name.rpartition(".")[2] not in _LOADERS:
            continue
        folder = folder_of(context, module, argument(call, 0, "directory"))
        mode = mode_of(context, module, call, name)
        if folder is None or mode is None:
            continue
        classes = class_folders(call, folder)
        if classes and len(units) == 1 and last:
            yield from _compare(context, len(classes), mode, last[0])
        if mode == "binary" and len(classes) > 2:  # noqa: PLR2004
            message = f"the labels are binary, but the data has {len(classes)} classes: {_some(classes)}"
            yield found(
                context.job, "class-count", message, "write label_mode='int' or 'categorical'", at=module.at(call)
            )


def _some(classes: list[str]) -> str:
    return ", ".join(classes[:6]) + (", ..." if len(classes) > 6 else "")  # noqa: PLR2004


def folder_of(context: Context, module: Module, node: ast.expr | None) -> Path | None:
    """The folder of this machine that a path of the script stands for."""
    text = context.values(module).text(node)
    if not text or UNKNOWN in text:
        return None
    if text.startswith(DATASET):
        name, _, below = text.removeprefix(DATASET).partition("/")
        own = context.job.dataset_path(name) if name in context.job.datasets else None
        return own / below if own is not None else None
    return context.snapshot.root / text if not text.startswith(("/", "~")) else None


def mode_of(context: Context, module: Module, call: ast.Call, name: str) -> str | None:
    """How the labels come: `int`, `categorical`, `binary`; None where there are none or it can't be told."""
    flows = name.endswith("flow_from_directory")
    given = argument(call, None, "class_mode" if flows else "label_mode")
    labels = argument(call, None, "labels")
    if labels is not None and context.values(module).constant(labels) != "inferred":
        return None
    if given is None:
        return "categorical" if flows else "int"
    value = context.values(module).constant(given)
    known = {"sparse": "int", "int": "int", "categorical": "categorical", "binary": "binary"}
    return known.get(value) if isinstance(value, str) else None


def class_folders(call: ast.Call, folder: Path) -> list[str]:
    """Names of the class folders that a loader finds; empty if the call says itself which there are."""
    given = argument(call, None, "class_names", "classes")
    if given is not None:
        return []
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    except OSError:
        return []


Layer = tuple[Module, ast.Call, int, str]


def _last_layers(context: Context) -> list[Layer]:
    """Layers that are surely the last of a model: Dense with softmax, or the last of a Sequential."""
    found_layers: list[Layer] = []
    program = context.program
    for module, call, name in program.calls() if program else ():
        last = name.rpartition(".")[2]
        if last == "Sequential" and call.args and isinstance(call.args[0], ast.List) and call.args[0].elts:
            end = call.args[0].elts[-1]
            if isinstance(end, ast.Call):
                if "softmax" in ast.unparse(end) and len(call.args[0].elts) > 1 and "Dense" not in ast.unparse(end):
                    end = call.args[0].elts[-2]
                found_layers += _dense(context, module, end)
        elif last == "Dense" and "softmax" in ast.unparse(call):
            found_layers += _dense(context, module, call)
        elif last == "Model" and "keras" in name:
            found_layers += _output(context, module, argument(call, 1, "outputs"))
    for module in program.modules if program else ():
        found_layers += _added(context, module)
    return list({id(layer[1]): layer for layer in found_layers}.values())


def _output(context: Context, module: Module, node: ast.expr | None) -> list[Layer]:
    """The layer whose output is the model's: `Dense(n)(x)`, by its name or written out."""
    if isinstance(node, ast.Name):
        values = [value for value in module.names.assigned.get(node.id, ()) if value is not None]
        node = values[-1] if values else None
    return _dense(context, module, node.func) if isinstance(node, ast.Call) else []


def _added(context: Context, module: Module) -> list[Layer]:
    """The last layer that `add` gives to an empty Sequential, for each name of one."""
    last: dict[str, ast.expr] = {}
    for call, name in module.calls:
        if name.endswith("Sequential().add") and call.args and isinstance(call.func, ast.Attribute):
            end = call.args[0]
            is_activation = isinstance(end, ast.Call) and module.names.full(end.func).endswith(
                ("Activation", "Softmax")
            )
            if not is_activation:
                last[ast.unparse(call.func.value)] = end
    return [layer for end in last.values() for layer in _dense(context, module, end)]


def _dense(context: Context, module: Module, node: ast.AST) -> list[Layer]:
    if not isinstance(node, ast.Call) or not module.names.full(node.func).endswith("Dense"):
        return []
    units = context.values(module).constant(argument(node, 0, "units"))
    activation = context.values(module).constant(argument(node, 1, "activation"))
    return [(module, node, units, str(activation))] if isinstance(units, int) else []


def _compare(context: Context, count: int, mode: str, layer: Layer) -> Iterator[Finding]:
    where, node, units, activation = layer
    if units == count or (units == 1 and count == 2):  # noqa: PLR2004
        return
    message = f"the data has {count} classes, but the last layer has {units} units"
    remedy = f"write Dense({count}), or len(dataset.class_names); or correct the class folders of the data"
    if units == 1 and activation in ("None", "linear"):
        return  # a regression, or an output that isn't of classes
    few = mode == "int" and units > count
    yield found(
        context.job,
        "class-count",
        message + (": some are never predicted" if few else ""),
        remedy,
        at=where.at(node),
        severity=W if few else None,
        confidence=LIKELY if few else None,
    )
