"""Arrays that are larger than a node's memory."""

import ast
from collections.abc import Iterator
from math import prod

from trainferry.checks.code.names import argument
from trainferry.checks.code.program import Module
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.specs.finding import Finding

_MAKERS = {
    "numpy.zeros": "shape", "numpy.ones": "shape", "numpy.empty": "shape", "numpy.full": "shape",
    "numpy.random.random": "size", "numpy.random.random_sample": "size",
    "tensorflow.zeros": "shape", "tensorflow.ones": "shape", "tensorflow.random.normal": "shape",
    "tensorflow.random.uniform": "shape", "keras.ops.zeros": "shape", "keras.ops.ones": "shape",
}  # fmt: skip
"""Functions that take the shape of an array as one value."""
_SPREAD = frozenset(
    {"numpy.random.rand", "numpy.random.randn", "torch.zeros", "torch.ones", "torch.empty", "torch.rand"}
) | {"torch.randn"}
"""Functions that take it number by number, too."""
_BYTES = {
    "float16": 2,
    "bfloat16": 2,
    "half": 2,
    "float32": 4,
    "int32": 4,
    "float": 8,
    "float64": 8,
    "int64": 8,
    "uint8": 1,
}
_BYTES |= {"int8": 1, "bool": 1, "int16": 2, "uint16": 2, "complex64": 8, "complex128": 16}


def check(context: Context) -> Iterator[Finding]:
    """Each array whose shape is written out, and that doesn't fit the memory of the target's node."""
    memory = context.target.memory_bytes if context.target else None
    if not memory:
        return
    for module in context.program.modules if context.program else ():
        for call, name in module.calls:
            shape = _shape(context, module, call, name)
            if not shape:
                continue
            size = prod(shape) * _item(module, call, name)
            if size > memory:
                dimensions = " x ".join(f"{number:,}" for number in shape)
                wants, has = f"{size / 1e9:,.0f} GB of memory", f"{memory / 1e9:,.0f} GB"
                message = f"an array of {dimensions} wants {wants}, and a node has {has}"
                yield found(context.job, "memory-exceeded", message, at=module.at(call))


def _shape(context: Context, module: Module, call: ast.Call, name: str) -> list[int]:
    values = context.values(module)
    if name in _MAKERS:
        given = argument(call, 0, _MAKERS[name])
        if isinstance(given, ast.Name):
            given = module.names.only_value(given.id)
        items: list[ast.expr | None] = [*given.elts] if isinstance(given, ast.Tuple | ast.List) else [given]
    elif name in _SPREAD and call.args:
        first = call.args[0]
        items = [*first.elts] if isinstance(first, ast.Tuple | ast.List) else [*call.args]
    else:
        return []
    numbers = [values.constant(item) for item in items]
    whole = [number for number in numbers if isinstance(number, int) and number > 0]
    return whole if len(whole) == len(numbers) else []


def _item(module: Module, call: ast.Call, name: str) -> int:
    """Bytes of one item."""
    given = argument(call, 1 if name in _MAKERS and name != "numpy.full" else None, "dtype")
    usual = 8 if name.startswith("numpy.") else 4
    if given is None:
        return usual
    text = str(given.value) if isinstance(given, ast.Constant) else module.names.full(given).rpartition(".")[2]
    return _BYTES.get(text, usual)
