"""Calls of Keras that contradict themselves or one another: splits, losses and labels, sizes of pictures."""

import ast
from collections.abc import Iterator

from trainferry.checks.code import flow
from trainferry.checks.code.keras_files import imports_keras
from trainferry.checks.code.names import argument, has_double_star
from trainferry.checks.code.program import Module
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, W
from trainferry.specs.finding import Finding

_LOADERS = {"image_dataset_from_directory": "image_size", "flow_from_directory": "target_size"}
_SIDE = 256
"""Side of the pictures that both loaders give if nothing else is said (their documentation)."""
_RESIZES = ("resize", "Resizing", "smart_resize", "CenterCrop", "RandomCrop", "resize_with_pad", "crop_to_bounding_box")


def check(context: Context) -> Iterator[Finding]:
    """Each loader, and what the model is compiled with, against each other."""
    if context.program is None or not imports_keras(context):
        return
    for module, call, name in context.program.calls():
        last = name.rpartition(".")[2]
        if last.endswith("_dataset_from_directory") and not has_double_star(call):
            yield from _split(context, module, call, last)
    yield from _loss(context)
    yield from _size(context)
    yield from _channels(context)


def _emit(context: Context, module: Module, node: ast.AST, message: str, remedy: str) -> Iterator[Finding]:
    program = context.program
    sure = program is not None and flow.is_sure(program, module, node, "ValueError")
    severity = None if sure else W
    yield found(context.job, "keras-call", message, remedy, at=module.at(node), severity=severity, confidence=LIKELY)


def _split(context: Context, module: Module, call: ast.Call, last: str) -> Iterator[Finding]:
    values = context.values(module)
    split, subset = argument(call, None, "validation_split"), argument(call, None, "subset")
    if split is None or values.constant(split) == 0:
        if subset is not None and split is None:
            yield from _emit(context, module, call, f"{last}: subset without validation_split", "give both, or neither")
        return
    if subset is None:
        message = f"{last}: validation_split without subset"
        yield from _emit(context, module, call, message, "write subset='training', 'validation' or 'both'")
    seed, shuffle = argument(call, None, "seed"), argument(call, None, "shuffle")
    if seed is None and values.constant(shuffle) is not False and values.constant(subset) != "both":
        message = f"{last}: validation_split shuffles, and wants a seed so that the parts don't overlap"
        yield from _emit(context, module, call, message, "write seed=1, the same for both parts")


def _loss(context: Context) -> Iterator[Finding]:
    """The form of the labels against the loss."""
    from trainferry.checks.code.class_count import mode_of  # noqa: PLC0415  (which imports nothing of this)

    modes: set[str | None] = set()
    losses: list[tuple[Module, ast.Call, str]] = []
    for module, call, name in context.program.calls() if context.program else ():
        last = name.rpartition(".")[2]
        if last in _LOADERS:
            modes.add(mode_of(context, module, call, name))
        elif last == "compile" and isinstance(call.func, ast.Attribute) and name not in ("re.compile", "torch.compile"):
            losses.append((module, call, _loss_name(context, module, argument(call, 1, "loss"))))
    if len(modes) != 1 or len(losses) != 1 or _maps_labels(context):
        return
    (mode,), (module, call, loss) = modes, losses[0]
    wrong = {("int", "categorical_crossentropy"), ("categorical", "sparse_categorical_crossentropy")}
    if (mode, loss) in wrong:
        right = "sparse_categorical_crossentropy" if mode == "int" else "categorical_crossentropy"
        labels = "whole numbers" if mode == "int" else "one column for each class"
        message = f"the loss {loss} doesn't fit labels that are {labels}"
        yield from _emit(context, module, call, message, f"write loss='{right}', or another label_mode")


def _loss_name(context: Context, module: Module, node: ast.expr | None) -> str:
    value = context.values(module).constant(node)
    if isinstance(value, str):
        return value
    if isinstance(node, ast.Call):
        name = module.names.full(node.func).rpartition(".")[2]
        known = {"CategoricalCrossentropy", "SparseCategoricalCrossentropy", "BinaryCrossentropy"}
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_") if name in known else ""
    return ""


def _maps_labels(context: Context) -> bool:
    """Whether the program changes what a loader gives before the model gets it."""
    names = {name.rpartition(".")[2] for _, _, name in (context.program.calls() if context.program else ())}
    return bool(names & {"map", "to_categorical", "one_hot", "argmax", "CategoryEncoding", "train_step"})


def _size(context: Context) -> Iterator[Finding]:
    """The size of the pictures that are loaded against the one that the model takes."""
    program = context.program
    loaded: set[tuple[object, object]] = set()
    taken: list[tuple[Module, ast.Call, tuple[object, object]]] = []
    for module, call, name in program.calls() if program else ():
        last = name.rpartition(".")[2]
        if last in _LOADERS:
            given = argument(call, None, _LOADERS[last])
            loaded.add((_SIDE, _SIDE) if given is None else _pair(context, module, given))
        elif last in _RESIZES:
            return
        shape = argument(call, 0, "shape") if last in ("Input", "InputLayer") else argument(call, None, "input_shape")
        pair = _pair(context, module, shape)
        if shape is not None and None not in pair:
            taken.append((module, call, pair))
    if len(loaded) != 1 or len({pair for _, _, pair in taken}) != 1:
        return
    (size,), (module, call, wanted) = loaded, taken[0]
    if None not in size and size != wanted:
        message = f"the model takes pictures of {wanted[0]} x {wanted[1]}, and the loader gives {size[0]} x {size[1]}"
        yield from _emit(context, module, call, message, f"write image_size=({wanted[0]}, {wanted[1]}) for the loader")


_COLOURS = {"rgb": 3, "rgba": 4, "grayscale": 1}
_CONVERT = frozenset({"grayscale_to_rgb", "rgb_to_grayscale", "map", "Lambda", "concatenate", "repeat", "tile"})
"""Calls that may change the number of channels between the loader and the model."""


def _channels(context: Context) -> Iterator[Finding]:
    """The colours of the pictures that are loaded against those that the model takes."""
    program = context.program
    loaded: set[object] = set()
    taken: list[tuple[Module, ast.Call, object]] = []
    for module, call, name in program.calls() if program else ():
        last, values = name.rpartition(".")[2], context.values(module)
        if last in _CONVERT:
            return
        if last in _LOADERS:
            given = argument(call, None, "color_mode")
            loaded.add(3 if given is None else _COLOURS.get(str(values.constant(given))))
        shape = argument(call, 0, "shape") if last in ("Input", "InputLayer") else argument(call, None, "input_shape")
        if isinstance(shape, ast.Tuple) and len(shape.elts) == 3:  # noqa: PLR2004  (height, width, channels)
            taken.append((module, call, values.constant(shape.elts[2])))
    if len(loaded) != 1 or len({number for _, _, number in taken}) != 1:
        return
    (given_number,), (module, call, wanted) = loaded, taken[0]
    if isinstance(given_number, int) and isinstance(wanted, int) and given_number != wanted:
        message = f"the model takes pictures of {wanted} channels, and the loader gives {given_number}"
        mode = next((name for name, count in _COLOURS.items() if count == wanted), "rgb")
        yield from _emit(context, module, call, message, f"write color_mode='{mode}' for the loader")


def _pair(context: Context, module: Module, node: ast.expr | None) -> tuple[object, object]:
    if isinstance(node, ast.Name):
        node = module.names.only_value(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):  # IMAGE_SIZE + (3,)
        return _pair(context, module, node.left)
    if not isinstance(node, ast.Tuple | ast.List) or len(node.elts) < 2:  # noqa: PLR2004
        return None, None
    values = context.values(module)
    return values.constant(node.elts[0]), values.constant(node.elts[1])
