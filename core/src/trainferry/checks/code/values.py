"""What an expression's text would be, as far as it can be read off: constants, joins, formats, the job's arguments."""

import ast
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field

from trainferry.checks.code.names import argument
from trainferry.checks.code.program import Module

UNKNOWN = "\0"
"""Stands in a text for a part that isn't known."""
DATASET = "/\1"
"""Begins the path of a dataset as the script gets it; the dataset's name follows."""
_DEEPEST = 25

_SAME = frozenset(
    [
        "str",
        "pathlib.Path",
        "pathlib.PurePath",
        "pathlib.PosixPath",
        "pathlib.PurePosixPath",
        "os.fspath",
        "os.path.abspath",
        "os.path.realpath",
        "os.path.normpath",
        "os.path.expanduser",
        "os.path.expandvars",
    ]
)
"""Functions whose text is that of their one argument, as far as a check cares."""
_JOINS = frozenset({"os.path.join", "posixpath.join", "pathlib.Path", "pathlib.PurePath", "path.join"})
_GETENV = frozenset({"os.environ.get", "os.getenv", "environ.get", "getenv"})


@dataclass(frozen=True)
class Values:
    """Reads the values of one module's expressions."""

    module: Module
    options: Mapping[str, object] = field(default_factory=dict)
    """What the parsed command line holds, by attribute: `args.epochs`."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables that the job sets."""

    def constant(self, node: ast.AST | None, depth: int = 0) -> object:
        """The constant that an expression is, following names and the job's own arguments; None if it is none."""
        if node is None or depth > _DEEPEST:
            return None
        match node:
            case ast.Constant():
                return node.value
            case ast.UnaryOp(op=ast.USub()):
                value = self.constant(node.operand, depth + 1)
                return -value if isinstance(value, int | float) else None
            case ast.BinOp():
                return self._arithmetic(node, depth)
            case ast.Name():
                return self.constant(self.module.names.only_value(node.id), depth + 1)
            case ast.Attribute():
                return self.options.get(node.attr) if self._is_options(node.value) else None
            case ast.Call() if self.module.names.full(node.func) in ("int", "float", "str", "bool") and node.args:
                return self.constant(node.args[0], depth + 1)
        return None

    def _arithmetic(self, node: ast.BinOp, depth: int) -> object:
        left, right = self.constant(node.left, depth + 1), self.constant(node.right, depth + 1)
        if not isinstance(left, int | float) or not isinstance(right, int | float):
            return None
        try:
            match node.op:
                case ast.Add():
                    return left + right
                case ast.Sub():
                    return left - right
                case ast.Mult():
                    return left * right
                case ast.FloorDiv():
                    return left // right
                case ast.Div():
                    return left / right
                case ast.Pow() if abs(left) <= 1024 and abs(right) <= 64:  # noqa: PLR2004  (no number that fills memory)
                    return left**right
        except (ArithmeticError, ValueError):
            return None
        return None

    def _is_options(self, node: ast.AST) -> bool:
        return self.module.names.full(node).endswith(
            ("args()", "args()[]", "?args", "?opt", "?options", "?opts", "?FLAGS")
        )

    def text(self, node: ast.AST | None, depth: int = 0) -> str | None:  # noqa: C901, PLR0911  (a branch for each form)
        """The text of an expression with UNKNOWN for each part that isn't known; None if nothing of it is."""
        if node is None or depth > _DEEPEST:
            return None
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.JoinedStr():
                return "".join(self._part(part, depth) for part in node.values)
            case ast.BinOp(op=ast.Add()):
                return self._added(node, depth)
            case ast.BinOp(op=ast.Div()):
                return self._joined([node.left, node.right], depth)
            case ast.BinOp(op=ast.Mod()):
                form = self.text(node.left, depth + 1)
                return None if form is None else _formatted(form, "%", "sdifrgexX")
            case ast.Name():
                if node.id == "__file__":
                    return posixpath.join(".", self.module.path)
                return self.text(self.module.names.only_value(node.id), depth + 1)
            case ast.Attribute():
                return self._attribute(node, depth)
            case ast.Subscript():
                return self._subscript(node)
            case ast.Call():
                return self._call(node, depth)
        return None

    def _part(self, part: ast.expr, depth: int) -> str:
        if isinstance(part, ast.FormattedValue):
            value = self.constant(part.value)
            known = self.text(part.value, depth + 1)
            plain = isinstance(value, int | str) and part.format_spec is None
            return str(value) if plain and value is not None else known if known is not None else UNKNOWN
        return str(part.value) if isinstance(part, ast.Constant) else UNKNOWN

    def _added(self, node: ast.BinOp, depth: int) -> str | None:
        left, right = self.text(node.left, depth + 1), self.text(node.right, depth + 1)
        if left is None and right is None:
            return None
        return (UNKNOWN if left is None else left) + (UNKNOWN if right is None else right)

    def _joined(self, parts: list[ast.expr], depth: int) -> str | None:
        texts = [self.text(part, depth + 1) for part in parts]
        if all(text is None for text in texts):
            return None
        return posixpath.join(*(UNKNOWN if text is None else text for text in texts))

    def _attribute(self, node: ast.Attribute, depth: int) -> str | None:
        if self._is_options(node.value):
            value = self.options.get(node.attr)
            return value if isinstance(value, str) else None
        if node.attr == "parent":
            text = self.text(node.value, depth + 1)
            return None if text is None else posixpath.dirname(text) or "."
        return None

    def _subscript(self, node: ast.Subscript) -> str | None:
        if isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Constant):
            listed = self.module.names.only_value(node.value.id)
            return self._element(listed, node.slice.value)
        if self.module.names.full(node.value) == "os.environ" and isinstance(node.slice, ast.Constant):
            return self.variables.get(str(node.slice.value))
        return None

    def _element(self, listed: ast.expr | None, key: object) -> str | None:
        """The text of one item of a list, tuple or dict that is written out."""
        if isinstance(listed, ast.List | ast.Tuple) and isinstance(key, int) and -1 <= key < len(listed.elts):
            return self.text(listed.elts[key])
        if isinstance(listed, ast.Dict):
            for name, value in zip(listed.keys, listed.values, strict=True):
                if isinstance(name, ast.Constant) and name.value == key:
                    return self.text(value)
        return None

    def _call(self, call: ast.Call, depth: int) -> str | None:
        name = self.module.names.full(call.func)
        if name in _JOINS and len(call.args) > 1:
            return self._joined(call.args, depth)
        if name in _SAME and len(call.args) == 1:
            return self.text(call.args[0], depth + 1)
        if name in ("os.getcwd", "pathlib.Path.cwd") or (name == "pathlib.Path" and not call.args):
            return "."
        if name == "os.path.dirname" and call.args:
            text = self.text(call.args[0], depth + 1)
            return None if text is None else posixpath.dirname(text) or "."
        if name in _GETENV and call.args and isinstance(call.args[0], ast.Constant):
            own = self.variables.get(str(call.args[0].value))
            return own if own is not None else self.text(argument(call, 1, "default"), depth + 1)
        return self._method(call, depth)

    def _method(self, call: ast.Call, depth: int) -> str | None:
        if not isinstance(call.func, ast.Attribute):
            return None
        owner = self.text(call.func.value, depth + 1)
        if owner is None:
            return None
        match call.func.attr:
            case "format":
                return _formatted(owner, "{", "")
            case "resolve" | "absolute" | "as_posix" | "expanduser" | "strip" | "rstrip":
                return owner
            case "joinpath":
                return self._joined([call.func.value, *call.args], depth)
            case "with_name" if call.args:
                return posixpath.join(posixpath.dirname(owner), self.text(call.args[0], depth + 1) or UNKNOWN)
        return None


def _formatted(text: str, mark: str, kinds: str) -> str:
    """A format with UNKNOWN for each of its fields."""
    import re  # noqa: PLC0415

    if mark == "%":
        return re.sub(r"%(\(\w+\))?[-+ #0]*[\d.]*[" + kinds + "]", UNKNOWN, text)
    return re.sub(r"\{[^{}]*\}", UNKNOWN, text)
