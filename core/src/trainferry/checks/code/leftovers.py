"""What a notebook or an earlier life left in a script: magics, a guard that never holds, names that shadow modules."""

import ast
import posixpath
import sys
from collections.abc import Iterator

from trainferry.checks.code import flow
from trainferry.checks.code.distributions import distributions
from trainferry.checks.code.names import imports
from trainferry.checks.code.program import Module
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import E, W
from trainferry.specs.finding import Finding

_NOTEBOOK = ("get_ipython", "display")


def check(context: Context) -> Iterator[Finding]:
    """Each of them."""
    program = context.program
    if program is None:
        return
    yield from _shadows(context)
    for module in program.modules:
        for call, name in module.calls:
            if name in _NOTEBOOK and name not in module.names.assigned and name not in module.names.functions:
                sure = flow.is_sure(program, module, call, "NameError")
                message = f"{name}() is there in a notebook only: NameError in a script"
                severity = None if sure else W
                yield found(context.job, "notebook-leftover", message, at=module.at(call), severity=severity)
        yield from _argv(context, module)
        for node in module.nodes:
            if isinstance(node, ast.Call | ast.Raise) and _ends_with_text(module, node):
                sure = flow.is_sure(program, module, node)
                message = f"{ast.unparse(node)} ends the script with exit code 1: a text counts as a failure"
                if sure:
                    yield found(context.job, "exit-text", message, at=module.at(node))
            if module.is_script and isinstance(node, ast.If) and _never_holds(node):
                message = f"this guard never holds, so that nothing of it runs: {ast.unparse(node.test)}"
                yield found(context.job, "guard-never-holds", message, at=module.at(node))


def _lacks(context: Context, module: Module, path: str, top: str) -> str:
    """A name that the module takes from the file that is in the way, and that the file doesn't have."""
    program = context.program
    own = next((one for one in program.modules if one.path == path), None) if program else None
    if own is None or program is None or own is module or "__getattr__" in own.names.functions:
        return ""
    names = own.names
    there = {*names.functions, *names.classes, *names.assigned, *names.imported, "__name__", "__file__", "__doc__", "*"}
    if "*" in {alias.name for node in own.nodes if isinstance(node, ast.ImportFrom) for alias in node.names}:
        return ""
    for node in module.nodes:
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and module.names.imported.get(node.value.id) == top
            and node.attr not in there
            and flow.is_sure(program, module, node, "AttributeError")
        ):
            return node.attr
    return ""


def _argv(context: Context, module: Module) -> Iterator[Finding]:
    """Arguments that are taken by their place, beyond those that the job gives."""
    given = len(context.job.arguments)
    for node in module.nodes:
        if not (isinstance(node, ast.Subscript) and module.names.full(node.value) == "sys.argv"):
            continue
        place = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if isinstance(node.ctx, ast.Load) and isinstance(place, int) and place > given and context.program is not None:
            sure = flow.is_sure(context.program, module, node, "IndexError") and not _counts(module)
            message = f"the script takes sys.argv[{place}], and the job gives {given} arguments: IndexError"
            yield found(context.job, "argument-missing", message, at=module.at(node), severity=None if sure else W)


def _counts(module: Module) -> bool:
    """Whether the script asks how many arguments there are."""
    return any(name == "len" and "argv" in ast.unparse(call) for call, name in module.calls)


def _ends_with_text(module: Module, node: ast.Call | ast.Raise) -> bool:
    call = node.exc if isinstance(node, ast.Raise) else node
    if not isinstance(call, ast.Call) or not call.args:
        return False
    wanted = ("SystemExit",) if isinstance(node, ast.Raise) else ("sys.exit", "exit", "quit")
    text = call.args[0]
    return module.names.full(call.func) in wanted and isinstance(text, ast.Constant) and isinstance(text.value, str)


def _never_holds(node: ast.If) -> bool:
    test = node.test
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return False
    sides = [test.left, test.comparators[0]]
    named = any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
    words = [side.value for side in sides if isinstance(side, ast.Constant) and isinstance(side.value, str)]
    return named and bool(words) and words[0] != "__main__" and "main" in words[0].lower()


def _shadows(context: Context) -> Iterator[Finding]:
    """Files beside the script whose name is that of a module that the program wants from elsewhere."""
    folder = posixpath.dirname(context.job.script)
    beside = {
        path.rpartition("/")[2].removesuffix(".py"): path
        for path in context.travelling
        if posixpath.dirname(path) == folder and path.endswith(".py")
    }
    seen: set[str] = set()
    for module in context.program.modules if context.program else ():
        for node, name in imports(module.nodes):
            top = name.partition(".")[0]
            if top not in beside or top in seen:
                continue
            seen.add(top)
            standard = top in sys.stdlib_module_names
            package = any(one in context.packages.everything for one in distributions(top))
            if not (standard or package):
                continue
            itself = beside[top] == context.job.script
            deeper = "." in name or not isinstance(node, ast.Import)
            message = f"{beside[top]} has the name of a module: 'import {top}' finds the file, not what it should"
            lacks = _lacks(context, module, beside[top], top)
            severity = E if (package and (itself or deeper)) or lacks else W
            if lacks:
                message += f": AttributeError, for it has no {lacks}"
            yield found(context.job, "module-shadowed", message, at=module.at(node), severity=severity)
