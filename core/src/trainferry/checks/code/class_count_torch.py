"""The number of class folders against the last layer of a model of PyTorch."""

import ast
from collections.abc import Iterator

from trainferry.checks.code.class_count import class_folders, folder_of
from trainferry.checks.code.names import argument
from trainferry.checks.code.program import Module
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, W
from trainferry.specs.finding import Finding

_HEADS = frozenset({"fc", "classifier", "head", "heads"})
"""Attributes by which the models of torchvision and timm name their last layer."""


def check(context: Context) -> Iterator[Finding]:
    """An ImageFolder with more classes, or with fewer, than the one last layer of the program has outputs."""
    folders = list(_folders(context))
    heads = list(_heads(context)) if folders else []
    if len(set(folders)) != 1 or len({size for _, _, size in heads}) != 1 or not _classifies(context):
        return
    (count, *_), (module, node, size) = folders, heads[0]
    if size == count or (size == 1 and count == 2):  # noqa: PLR2004
        return
    message = f"the data has {count} classes, but the last layer has {size} outputs"
    few = size > count
    yield found(
        context.job,
        "class-count",
        message + (": some are never predicted" if few else ": 'Target is out of bounds' at the first step"),
        f"write {count}, or len(dataset.classes); or correct the class folders of the data",
        at=module.at(node),
        severity=W if few else None,
        confidence=LIKELY,
    )


def _folders(context: Context) -> Iterator[int]:
    """Numbers of classes that the program's ImageFolders find."""
    for module, call, name in context.program.calls() if context.program else ():
        if name.endswith("ImageFolder"):
            folder = folder_of(context, module, argument(call, 0, "root"))
            classes = class_folders(call, folder) if folder is not None else []
            if classes:
                yield len(classes)


def _heads(context: Context) -> Iterator[tuple[Module, ast.AST, int]]:
    """Outputs of what is surely the last layer: a head that is put in, num_classes, the last of nn.Sequential."""
    for module in context.program.modules if context.program else ():
        values = context.values(module)
        for node in module.nodes:
            if isinstance(node, ast.Assign) and _is_head(node.targets[0]):
                yield from _linear(context, module, node.value)
        for call, name in module.calls:
            number = values.constant(argument(call, None, "num_classes"))
            makes_model = name.startswith(("torchvision.models.", "timm."))
            if makes_model and isinstance(number, int):
                yield module, call, number
            elif name == "torch.nn.Sequential" and call.args and not isinstance(call.args[-1], ast.Starred):
                ends = [one for one in call.args if not _is_softmax(module, one)]
                if ends and not isinstance(module.parents.get(call), ast.Call):
                    yield from _linear(context, module, ends[-1])


def _is_head(target: ast.expr) -> bool:
    if isinstance(target, ast.Subscript):
        target = target.value
    owned = isinstance(target, ast.Attribute) and not (isinstance(target.value, ast.Name) and target.value.id == "self")
    return owned and isinstance(target, ast.Attribute) and target.attr in _HEADS


def _is_softmax(module: Module, node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and module.names.full(node.func).endswith(("Softmax", "LogSoftmax"))


def _linear(context: Context, module: Module, node: ast.expr) -> Iterator[tuple[Module, ast.AST, int]]:
    if isinstance(node, ast.Call) and module.names.full(node.func) == "torch.nn.Linear":
        size = context.values(module).constant(argument(node, 1, "out_features"))
        if isinstance(size, int):
            yield module, node, size


def _classifies(context: Context) -> bool:
    """Whether the loss is one of classes that are numbered."""
    names = [name for _, _, name in (context.program.calls() if context.program else ())]
    return any(name.endswith((".CrossEntropyLoss", ".cross_entropy", ".NLLLoss", ".nll_loss")) for name in names)
