"""Values that JSON doesn't know: arrays and numbers of NumPy, tensors, times, sets."""

import ast
from collections.abc import Iterator

from trainferry.checks.code import flow
from trainferry.checks.code.names import argument
from trainferry.checks.code.program import Module
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import POSSIBLE, W
from trainferry.specs.finding import Finding

_DUMPS = frozenset({"json.dump", "json.dumps"})
_MAKE_ARRAYS = frozenset(
    {
        "array",
        "asarray",
        "zeros",
        "ones",
        "empty",
        "full",
        "arange",
        "linspace",
        "eye",
        "stack",
        "concatenate",
        "vstack",
    }
    | {"hstack", "argsort", "sort", "where", "unique", "histogram", "argmax", "argmin", "bincount", "cumsum", "diff"}
    | {"zeros_like", "ones_like", "load", "loadtxt", "transpose", "reshape", "logspace", "array_split", "count_nonzero"}
)
_MEANS = frozenset({"mean", "std", "var", "median", "average", "sum", "max", "min"})
"""Functions of NumPy that give an array if they are told an axis; without one often a float64, which JSON knows."""
_ARRAYS = (
    ".predict()", ".predict_proba()", ".numpy()", ".detach()", ".confusion_matrix()", ".to_numpy()", ".cpu()",
    ".argmax()", "torch.tensor()", "tensorflow.constant()", "datetime.now()", "datetime.utcnow()", "datetime.today()",
    "date.today()",
)  # fmt: skip
_CONVERTED = (".tolist()", ".item()", ".isoformat()", ".strftime()", ".timestamp()", ".shape", ".size", ".ndim")
_NUMPY_32 = frozenset({"float32", "float16", "int64", "int32", "uint8", "int8", "int16", "bool_", "intp"})


def check(context: Context) -> Iterator[Finding]:
    """Each value that is handed to json, in a dict or list, too."""
    for module in context.program.modules if context.program else ():
        for call, name in module.calls:
            if name in _DUMPS and call.args and not any(k.arg in ("default", "cls", None) for k in call.keywords):
                yield from _dumped(context, module, call, name)


def _dumped(context: Context, module: Module, call: ast.Call, name: str) -> Iterator[Finding]:
    for value in _parts(module, call.args[0]):
        what = _unknown(module, value)
        if what:
            sure = context.program is not None and flow.is_sure(context.program, module, call, "TypeError")
            message = f"{name}: JSON doesn't know {what} (TypeError: not JSON serializable): {ast.unparse(value)[:60]}"
            yield found(context.job, "not-json", message, at=module.at(call), severity=None if sure else W)
            return
    if _is_history(module, call.args[0]):
        message = "history.history may hold float32 numbers (a learning rate), which JSON doesn't know (TypeError)"
        remedy = "write json.dump(history.history, file, default=float)"
        yield found(context.job, "not-json", message, remedy, at=module.at(call), severity=W, confidence=POSSIBLE)


def _parts(module: Module, node: ast.expr, depth: int = 0) -> Iterator[ast.expr]:
    """The values that an expression is made of: itself, or the items of a dict or list that is written out."""
    if isinstance(node, ast.Name) and (only := module.names.only_value(node.id)) is not None:
        node = only
    if depth > 5:  # noqa: PLR2004  (nobody nests what is written out deeper)
        return
    if isinstance(node, ast.Dict):
        for value in node.values:
            yield from _parts(module, value, depth + 1)
    elif isinstance(node, ast.List | ast.Tuple):
        for value in node.elts:
            yield from _parts(module, value, depth + 1)
    else:
        yield node


def _unknown(module: Module, node: ast.expr) -> str:
    """What JSON doesn't know of an expression; empty if it may know it."""
    if isinstance(node, ast.Set | ast.SetComp):
        return "a set"
    full = module.names.full(node)
    if full.endswith(_CONVERTED):
        return ""
    if full.startswith("numpy."):
        return _of_numpy(node, full.removeprefix("numpy."))
    return "arrays, tensors and times" if full.endswith(_ARRAYS) else ""


def _of_numpy(node: ast.expr, function: str) -> str:
    last = function.removesuffix("()")
    if not function.endswith("()"):
        return ""
    if last in _NUMPY_32:
        return "NumPy's numbers"
    is_array = last in _MAKE_ARRAYS or (last in _MEANS and _has_axis(node))
    return "NumPy's arrays and numbers" if is_array else ""


def _has_axis(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and argument(node, 1, "axis") is not None


def _is_history(module: Module, node: ast.expr) -> bool:
    value = module.names.only_value(node.id) if isinstance(node, ast.Name) else node
    keras = any(
        target.split(".")[0] in ("keras", "tensorflow", "tf_keras") for target in module.names.imported.values()
    )
    return isinstance(value, ast.Attribute) and value.attr == "history" and keras
