"""How sure it is that a line of a script runs, and what happens if it fails."""

import ast
from collections.abc import Iterator

from trainferry.checks.code.program import Module, Program

_BROAD = frozenset({"Exception", "BaseException"})


def is_main_guard(node: ast.AST) -> bool:
    """Whether a statement is `if __name__ == "__main__":`."""
    return (
        isinstance(node, ast.If)
        and any(getattr(part, "id", "") == "__name__" for part in ast.walk(node.test))
        and any(getattr(part, "value", "") == "__main__" for part in ast.walk(node.test))
    )


def conditions(module: Module, node: ast.AST) -> Iterator[ast.AST]:
    """The statements and expressions around a node that may keep it from running, the nearest first."""
    child = node
    for parent in module.around(node):
        match parent:
            case ast.If() | ast.While() | ast.IfExp() if child is not parent.test and not is_main_guard(parent):
                yield parent
            case ast.Match() if child is not parent.subject:
                yield parent
            case ast.BoolOp() if child is not parent.values[0]:
                yield parent
            case ast.ExceptHandler() | ast.Lambda():
                yield parent
        child = parent


def handled(module: Module, node: ast.AST, *kinds: str) -> bool:
    """Whether an exception of one of these kinds, raised at a node, is caught around it."""
    wanted = _BROAD | set(kinds)
    child = node
    for parent in module.around(node):
        if isinstance(parent, ast.Try) and child in parent.body:
            for handler in parent.handlers:
                if handler.type is None or caught(handler.type) & wanted:
                    return True
        if isinstance(parent, ast.With) and any("suppress" in ast.unparse(item.context_expr) for item in parent.items):
            return True
        child = parent
    return False


def caught(kind: ast.expr) -> set[str]:
    """The names of the exceptions that a handler catches, without their modules."""
    return {part.rpartition(".")[2] for part in ast.unparse(kind).strip("()").replace(" ", "").split(",")}


def function_of(module: Module, node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The function that a node stands in; None at the top of its module."""
    for parent in module.around(node):
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
            return parent
    return None


def is_used(program: Program, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether anything in the program mentions a function by its name; one that a decorator takes is used."""
    if function.decorator_list or (function.name.startswith("__") and function.name.endswith("__")):
        return True
    return any(function.name in module.mentioned for module in program.modules)


def is_sure(program: Program, module: Module, node: ast.AST, *kinds: str) -> bool:
    """Whether a node runs whenever the script does, and an exception of these kinds raised there ends the script."""
    if any(True for _ in conditions(module, node)) or handled(module, node, *kinds):
        return False
    if not module.is_script and _below_main_guard(module, node):
        return False
    function = function_of(module, node)
    return function is None or (_is_plain(module, function) and _runs(program, function))


def _runs(program: Program, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function is surely called: something mentions it where no condition is around, in what itself runs."""
    if function.decorator_list or (function.name.startswith("__") and function.name.endswith("__")):
        return True
    if function not in program.runs:
        program.runs[function] = False  # while it is looked at: who is called by itself alone never is
        program.runs[function] = any(_mentions_surely(program, module, function) for module in program.modules)
    return program.runs[function]


def _mentions_surely(program: Program, module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    for node in module.named.get(function.name, ()):
        outer = function_of(module, node)
        if outer is function or any(True for _ in conditions(module, node)):
            continue
        if outer is None or _runs(program, outer):
            return True
    return False


def _below_main_guard(module: Module, node: ast.AST) -> bool:
    return any(is_main_guard(parent) for parent in module.around(node))


def _is_plain(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function is one of a module's or class's own, which are there to be called."""
    return isinstance(module.parents.get(function), ast.Module | ast.ClassDef | ast.If | ast.FunctionDef)
