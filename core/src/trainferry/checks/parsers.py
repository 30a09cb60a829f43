"""Reading a script's argparse parser off its syntax tree, where that can be done without doubt.

A real argparse parser is rebuilt from the constants of the script's `add_argument` calls; nothing of the script runs.
Where anything is unclear (options made in a loop, a parser handed to a function, subcommands, `parse_known_args`,
`sys.argv`), there is no answer: a check that cries wolf is soon switched off.
"""

import argparse
import ast
from dataclasses import dataclass, field
from typing import Any, NoReturn, cast

_TYPES: dict[str, Any] = {"int": int, "float": float, "str": str, "bool": bool, "complex": complex}
_ACTIONS = frozenset({"store", "store_true", "store_false", "store_const", "append", "append_const", "count", "extend"})
_GROUPS = frozenset({"add_argument_group", "add_mutually_exclusive_group"})
_HARMLESS = frozenset({"print_help", "print_usage", "format_help", "format_usage", "error", "exit", "set_defaults"})
_SOMETIMES = (ast.For, ast.While, ast.If, ast.Try, ast.ListComp, ast.GeneratorExp)
_IGNORED = frozenset({"help", "metavar", "version", "deprecated"})


class Refused(Exception):
    """The script's parser would refuse the arguments; the text is argparse's own."""


class Unclear(Exception):
    """The parser can't be read off the script."""


class Parser(argparse.ArgumentParser):
    """argparse that raises Refused where it would end the process."""

    def error(self, message: str) -> NoReturn:
        """Refuse."""
        raise Refused(message)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:  # noqa: ARG002  (argparse's signature)
        """`--help` and `--version` end a script before it trains."""
        raise Refused("it would print its help and end")

    def _print_message(self, message: str, file: object = None) -> None:
        """Say nothing."""


@dataclass
class _Reader:
    """One pass over the assignments and calls of a script, in the order of its lines."""

    names: set[str] = field(default_factory=set)
    """Variables that hold the parser or a group of it."""
    adders: set[str] = field(default_factory=set)
    """Variables that hold the method `add_argument`."""
    known: set[ast.AST] = field(default_factory=set)
    """Uses of those variables, and of sys.argv, that are understood."""
    parser: Parser | None = None
    parsed: bool = False


def read_parser(tree: ast.Module) -> Parser | None:
    """The one parser that a script parses its command line with; None if there is none, or any doubt about it."""
    try:
        return _read(tree)
    except (Unclear, argparse.ArgumentError, TypeError, ValueError, LookupError):
        return None


def _read(tree: ast.Module) -> Parser | None:
    reader = _Reader()
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.Call | ast.Assign | ast.AnnAssign | ast.NamedExpr)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        if isinstance(node, ast.Call):
            _call(reader, node, tree)
        else:
            _assignment(reader, node)
    if reader.parser is None or not reader.parsed:
        return None
    _refuse_other_uses(tree, reader)
    return reader.parser


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _assignment(reader: _Reader, node: ast.Assign | ast.AnnAssign | ast.NamedExpr) -> None:
    """Note a variable that is given the parser, a group of it, or its method `add_argument`."""
    value, kept = node.value, reader.names
    if isinstance(value, ast.Attribute) and value.attr == "add_argument" and _is_parser(reader, value.value):
        reader.known.add(value.value)
        kept = reader.adders
    elif not isinstance(value, ast.Call) or not _makes_parser(reader, value):
        return
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if len(targets) != 1 or not isinstance(targets[0], ast.Name):
        raise Unclear
    kept.add(targets[0].id)


def _makes_parser(reader: _Reader, call: ast.Call) -> bool:
    """Whether a call makes a parser, or a group of the one there is."""
    return _method(call) == "ArgumentParser" or (_method(call) in _GROUPS and _of(reader, call))


def _is_parser(reader: _Reader, node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in reader.names


def _of(reader: _Reader, call: ast.Call) -> bool:
    """Whether a call is a method of the parser, or of a group of it."""
    if not isinstance(call.func, ast.Attribute):
        return False
    owner = call.func.value
    if isinstance(owner, ast.Call):
        return _method(owner) in _GROUPS and _of(reader, owner)
    return _is_parser(reader, owner)


def _adds(reader: _Reader, node: ast.AST) -> bool:
    """Whether a node is a call that adds an argument."""
    if not isinstance(node, ast.Call):
        return False
    return _method(node) == "add_argument" or (isinstance(node.func, ast.Name) and node.func.id in reader.adders)


def _call(reader: _Reader, call: ast.Call, tree: ast.Module) -> None:
    method = _method(call)
    if method == "ArgumentParser":
        if reader.parser is not None:
            raise Unclear
        reader.parser = _new_parser(call)
    elif isinstance(call.func, ast.Name) and call.func.id in reader.adders:
        reader.known.add(call.func)
        _add(cast("Parser", reader.parser), call)
    elif _of(reader, call):
        reader.known.add(cast("ast.Attribute", call.func).value)
        if method == "add_argument":
            _add(cast("Parser", reader.parser), call)
        elif method == "parse_args":
            _parse(reader, call, tree)
        elif method not in _GROUPS and method not in _HARMLESS:
            raise Unclear


def _parse(reader: _Reader, call: ast.Call, tree: ast.Module) -> None:
    """Take a call of `parse_args` that reads the command line, directly or as what a function is given."""
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "args")]
    if len(given) > 1 or any(keyword.arg not in ("args", "namespace") for keyword in call.keywords):
        raise Unclear
    if given and not _is_command_line(reader, given[0]):
        if not isinstance(given[0], ast.Name):
            raise Unclear
        _refuse_own_lists(reader, given[0].id, tree)
    reader.parsed = True


def _is_command_line(reader: _Reader, node: ast.expr) -> bool:
    """Whether an expression is None or `sys.argv[1:]`."""
    if isinstance(node, ast.Subscript) and ast.unparse(node) in ("sys.argv[1:]", "argv[1:]"):
        reader.known.add(node.value)
        return True
    return isinstance(node, ast.Constant) and node.value is None


def _refuse_own_lists(reader: _Reader, name: str, tree: ast.Module) -> None:
    """Raise Unclear unless `name` is the one parameter of functions that are called for the command line only."""
    functions = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and [argument.arg for argument in node.args.args] == [name]
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _method(node) in functions]
    given = [value for node in calls for value in (*node.args, *(keyword.value for keyword in node.keywords))]
    passed_on = [value for value in given if not (isinstance(value, ast.Name) and value.id == name)]
    if not calls or not all(_is_command_line(reader, value) for value in passed_on):
        raise Unclear


def _new_parser(call: ast.Call) -> Parser:
    options = {keyword.arg: keyword.value for keyword in call.keywords}
    if options.keys() & {None, "parents", "prefix_chars", "fromfile_prefix_chars", "conflict_handler"}:
        raise Unclear
    kept = {name: ast.literal_eval(options[name]) for name in ("add_help", "allow_abbrev") if name in options}
    return Parser(prog="script", **kept)


def _add(parser: Parser, call: ast.Call) -> None:
    names = [ast.literal_eval(argument) for argument in call.args]
    options: dict[str, Any] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise Unclear
        if keyword.arg == "type":
            options["type"] = _TYPES.get(keyword.value.id, str) if isinstance(keyword.value, ast.Name) else str
        elif keyword.arg == "action":
            options["action"] = _action(keyword.value)
        elif keyword.arg == "nargs":
            options["nargs"] = _nargs(keyword.value)
        elif keyword.arg in ("choices", "required", "dest"):
            options[keyword.arg] = _constant(keyword.arg, keyword.value)
        elif keyword.arg in ("default", "const"):
            options[keyword.arg] = None
        elif keyword.arg not in _IGNORED:
            raise Unclear
    if options.get("choices") is None or _is_own_type(call):
        options.pop("choices", None)
    parser.add_argument(*names, **options)


def _is_own_type(call: ast.Call) -> bool:
    """Whether a function of the script makes the value, so that nobody knows what is compared with the choices."""
    types = [keyword.value for keyword in call.keywords if keyword.arg == "type"]
    return any(not isinstance(kind, ast.Name) or kind.id not in _TYPES for kind in types)


def _constant(name: str, node: ast.expr) -> Any:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        if name == "choices":
            return None  # any choice is taken for a right one
        raise
    return list(value) if name == "choices" else value


def _action(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant) and node.value in _ACTIONS:
        return node.value
    if isinstance(node, ast.Attribute | ast.Name) and ast.unparse(node).endswith("BooleanOptionalAction"):
        return argparse.BooleanOptionalAction
    if isinstance(node, ast.Constant) and node.value in ("help", "version"):
        return "store_true"
    raise Unclear


def _nargs(node: ast.expr) -> Any:
    if isinstance(node, ast.Attribute) and node.attr == "REMAINDER":
        return argparse.REMAINDER
    return ast.literal_eval(node)


def _refuse_other_uses(tree: ast.Module, reader: _Reader) -> None:
    """Raise Unclear if the parser is used other than by its methods, on a condition, or past the command line."""
    ours = reader.names | reader.adders
    for node in ast.walk(tree):
        is_use = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in ours
        is_use = is_use or (isinstance(node, ast.Attribute) and node.attr == "argv")
        if is_use and node not in reader.known:
            raise Unclear
        if _may_be_skipped(node) and any(_adds(reader, inner) for inner in ast.walk(node)):
            raise Unclear


def _may_be_skipped(node: ast.AST) -> bool:
    """Whether what a statement holds may run never or more than once; the main guard does neither."""
    if not isinstance(node, _SOMETIMES):
        return False
    return not (isinstance(node, ast.If) and any(getattr(part, "id", "") == "__name__" for part in ast.walk(node.test)))
