"""Imports: of the source folder, of what lies beside it, and of packages."""

import ast
import os
import posixpath
import re
import sys
from collections.abc import Iterator
from difflib import get_close_matches

from trainferry.checks.code import flow
from trainferry.checks.code.distributions import NAMESPACES, distributions, is_known
from trainferry.checks.code.names import imports
from trainferry.checks.code.program import Module
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import CERTAIN, LIKELY, POSSIBLE, W
from trainferry.specs.finding import Confidence, Finding, Severity

_FAILURES = ("ImportError", "ModuleNotFoundError")
_GONE = {
    "distutils": (12, "setuptools"),
    "imp": (12, "importlib"),
    "asynchat": (12, "asyncio"),
    "asyncore": (12, "asyncio"),
    "smtpd": (12, "aiosmtpd"),
    "cgi": (13, "urllib.parse"),
    "crypt": (13, "hashlib"),
    "imghdr": (13, "PIL"),
    "pipes": (13, "shlex"),
    "sndhdr": (13, "soundfile"),
    "telnetlib": (13, "telnetlib3"),
    "lib2to3": (13, "libcst"),
}
"""Modules of the standard library that a minor version of Python 3 took out (What's New of 3.12 and 3.13)."""
_SHELLS = frozenset({"os.system", "subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.Popen"})
_NEW = {"tomllib": 11, "zoneinfo": 9, "graphlib": 9}
"""Modules that came with a minor version."""


def check(context: Context) -> Iterator[Finding]:
    """Each top-level name that the program imports, once."""
    if context.program is None:
        return
    seen: set[str] = set()
    yield from _started(context)
    for module in context.program.modules:
        for node, name in _wanted(module):
            top = name.partition(".")[0]
            key = name if top in NAMESPACES else top
            if key in seen or _is_local(context, name):
                continue
            seen.add(key)
            yield from _import(context, module, node, name)


def _wanted(module: Module) -> Iterator[tuple[ast.Import | ast.ImportFrom, str]]:
    """Each import with its dotted name; of a namespace that many share, with what is taken from it, too."""
    for node, name in imports(module.nodes):
        if isinstance(node, ast.ImportFrom) and name.partition(".")[0] in NAMESPACES:
            yield from ((node, f"{name}.{alias.name}") for alias in node.names)
        else:
            yield node, name


def _started(context: Context) -> Iterator[Finding]:
    """Modules that are run by name, and files that are started as another process."""
    for module, call, name in context.program.calls() if context.program else ():
        if name == "runpy.run_module" and call.args and isinstance(call.args[0], ast.Constant):
            wanted = str(call.args[0].value)
            stem = wanted.replace(".", "/")
            if {f"{stem}.py", f"{stem}/__main__.py"} & context.travelling or not _is_ours(context, wanted):
                continue
            message = f"the module '{wanted}' is started, and is not in the source folder"
            close = get_close_matches(f"{stem}.py", context.travelling, n=1)
            remedy = f"did you mean {close[0].removesuffix('.py').replace('/', '.')}?" if close else ""
            yield found(context.job, "script-missing", message, remedy, at=module.at(call))
        elif name in _SHELLS:
            for node in ast.walk(call):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield from _named_files(context, module, node, node.value)


def _is_ours(context: Context, name: str) -> bool:
    """Whether a module can come from the source folder only: no package and nothing of Python has its name."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or any(context.packages.has(one) for one in distributions(name)):
        return False
    return not context.packages.is_open or any(path.startswith(f"{top}/") for path in context.travelling)


def _named_files(context: Context, module: Module, node: ast.Constant, text: str) -> Iterator[Finding]:
    """Scripts that a command starts and that don't travel."""
    pattern = (
        r"(?:^|[;&|]\s*)(?:bash|sh|python3?|source)\s+((?!-)[\w./-]+\.(?:sh|py))\b|^([\w./-]+\.(?:sh|"
        r"py))$|(?<![\w/.])(\./[\w./-]+\.sh)\b"
    )
    for match in re.finditer(pattern, text):
        path = next(part for part in match.groups() if part)
        clean = path.removeprefix("./")
        if _is_command(module, node, match) and clean in context.travelling and _lacks_right(context, clean):
            message = f"'./{clean}' is started, and may not be executed: Permission denied, exit code 126"
            remedy = f"chmod +x {clean}, or start it with bash {clean}"
            yield found(context.job, "script-not-executable", message, remedy, at=module.at(node))
        if clean.startswith(("/", "..")) or clean in context.travelling or "cd " in text:
            continue
        close = get_close_matches(clean, context.travelling, n=1)
        remedy = f"did you mean {close[0]}?" if close else ""
        message = f"'{path}' is started, and is not in the source folder"
        yield found(context.job, "script-missing", message, remedy, at=module.at(node))


def _is_command(module: Module, node: ast.Constant, match: re.Match[str]) -> bool:
    """Whether a script is started by itself, not handed to a shell."""
    if match[3]:
        return True
    if not (match[2] or "").startswith("./"):
        return False
    parent = module.parents.get(node)
    if isinstance(parent, ast.List):
        place = parent.elts.index(node)
        before = parent.elts[place - 1] if place else None
        return before is None or getattr(before, "value", None) == "-c"
    return isinstance(parent, ast.Call)


def _lacks_right(context: Context, path: str) -> bool:
    """Whether a file isn't executable; Windows has no such thing to ask."""
    return os.name == "posix" and any(file.path == path and not file.executable for file in context.snapshot.files)


def _is_local(context: Context, name: str) -> bool:
    """Whether an import finds something that travels."""
    top = name.partition(".")[0]
    folders = {"", *(path.rpartition("/")[0] for path in (context.job.script, *_changed(context)))}
    for folder in folders:
        base = f"{folder}/" if folder else ""
        if f"{base}{top}.py" in context.travelling or f"{base}{top}" in context.folders:
            return True
    return False


def _changed(context: Context) -> Iterator[str]:
    """Folders that the program puts on sys.path, as paths of a file in them."""
    for module in context.program.modules if context.program else ():
        for call, name in module.calls:
            if name in ("sys.path.append", "sys.path.insert") and call.args:
                text = context.values(module).text(call.args[-1])
                if text is not None:
                    yield text.removeprefix("./").strip("/") + "/x"


def _import(context: Context, module: Module, node: ast.AST, name: str) -> Iterator[Finding]:
    top = name.partition(".")[0]
    program = context.program
    assert program is not None  # noqa: S101  (the caller has looked)
    sure = flow.is_sure(program, module, node, *_FAILURES)
    if flow.handled(module, node, *_FAILURES) or _is_for_types(module, node):
        return
    if name.startswith("google.colab"):
        message = "google.colab is there in Google's notebooks only: ModuleNotFoundError anywhere else"
        yield found(context.job, "notebook-leftover", message, at=module.at(node), severity=None if sure else W)
        return
    if top in sys.stdlib_module_names or top in _GONE or top in _NEW:
        yield from _standard(context, module, node, top, sure=sure)
        return
    beside = _beside(context, top)
    if beside:
        rule, message, remedy = beside
        opened = any(_may_find(context, where, call, name) for where, call, name in program.calls())
        installed = any(name in context.packages.everything for name in distributions(top))
        if not installed:
            doubtful = not sure or opened
            yield found(
                context.job,
                rule,
                message,
                remedy,
                at=module.at(node),
                severity=W if doubtful else None,
                confidence=LIKELY if doubtful else None,
            )
        return
    yield from _package(context, module, node, name, sure=sure)


def _may_find(context: Context, module: Module, call: ast.Call, name: str) -> bool:
    """Whether a change of sys.path may lead to a folder that travels; one that leads out of the source doesn't."""
    if not name.startswith("sys.path."):
        return False
    text = context.values(module).text(call.args[-1]) if call.args else None
    return text is None or not posixpath.normpath(text).startswith("..")


def _is_for_types(module: Module, node: ast.AST) -> bool:
    return any(
        "TYPE_CHECKING" in ast.unparse(parent.test) for parent in module.around(node) if isinstance(parent, ast.If)
    )


def _standard(context: Context, module: Module, node: ast.AST, top: str, *, sure: bool) -> Iterator[Finding]:
    text = context.job.environment.python or f"3.{sys.version_info[1]}"
    minor = int(text.split(".")[1])
    gone, instead = _GONE.get(top, (99, ""))
    new = _NEW.get(top, 0)
    if top == "distutils" and "setuptools" in context.packages.everything:
        return
    if minor >= gone:
        message, remedy = (
            f"Python {text} has no module {top} any more; it went with 3.{gone}",
            f"use {instead}, or an older python in the job",
        )
    elif minor < new:
        message, remedy = (
            f"Python {text} has no module {top} yet; it came with 3.{new}",
            f'write python: "3.{new}" in the job',
        )
    elif top in ("tkinter", "turtle", "idlelib"):
        message = f"{top} needs a screen, and a node has none"
        yield found(
            context.job,
            "needs-screen",
            message,
            "take it out of what runs there",
            at=module.at(node),
            severity=W,
            confidence=LIKELY,
        )
        return
    else:
        return
    yield found(context.job, "module-of-python", message, remedy, at=module.at(node), severity=None if sure else W)


def _beside(context: Context, top: str) -> tuple[str, str, str] | None:
    """Rule, message and remedy for a module that is there on this machine, but doesn't travel under its name."""
    for path in context.travelling:
        first = path.split("/")[0].removesuffix(".py")
        if first.lower() == top.lower() and first != top and (path.endswith(".py")):
            return (
                "import-case",
                f"'{top}' is imported, but the file is called {path.split('/')[0]}: case counts on Linux",
                f"write import {first}, or rename it",
            )
    folder = context.job.script.rpartition("/")[0]
    for place in dict.fromkeys((context.snapshot.root / folder, context.snapshot.root)):
        if (place / f"{top}.py").is_file() or ((place / top).is_dir() and any((place / top).glob("*.py"))):
            reason = context.snapshot.ignore_file or "what never travels"
            return (
                "import-excluded",
                f"'{top}' lies in the source folder, but doesn't travel: {reason} leaves it out",
                f"let it in with !{top} in .ferryignore, or rename it",
            )
    for place in context.beyond():
        for parent in (place, place / "src", place / "lib"):
            if (
                (parent / f"{top}.py").is_file()
                or (parent / top / "__init__.py").is_file()
                or any((parent / top).glob("*.py"))
            ):
                if (parent / top).resolve() == context.snapshot.root:
                    continue
                message = f"'{top}' lies in {parent}, outside of the source folder, and doesn't travel"
                return (
                    "import-outside",
                    message,
                    "let source name a folder that holds both, or copy it into the source folder",
                )
    return None


def _package(context: Context, module: Module, node: ast.AST, name: str, *, sure: bool) -> Iterator[Finding]:
    packages = context.packages
    top = name.partition(".")[0]
    wanted = distributions(name)
    if packages.environment.current:
        if _is_importable(top):
            return
        yield found(
            context.job,
            "package-missing",
            f"no package of this interpreter provides '{top}'",
            f"install {wanted[0]}",
            at=module.at(node),
            severity=None if sure else W,
        )
        return
    if any(packages.has(one) for one in wanted) or top in (
        "__main__",
        "pkg_resources",
        "setuptools",
        "pip",
        "_distutils_hack",
    ):
        return
    severity, confidence = _how_sure(context, sure=sure)
    of_many = top in NAMESPACES and any(one.startswith(f"{top}-") for one in packages.everything)
    if severity is None or (of_many and not is_known(name)):
        return
    message = f"no package of the environment provides '{name if top in NAMESPACES else top}'"
    remedy = f"add it: pip: [..., {wanted[0]}]"
    yield found(
        context.job, "package-missing", message, remedy, at=module.at(node), severity=severity, confidence=confidence
    )


def _how_sure(context: Context, *, sure: bool) -> tuple[Severity | None, Confidence]:
    environment, packages = context.job.environment, context.packages
    if (
        environment.curated
        or environment.dockerfile
        or (environment.image and not environment.pip and not environment.conda)
    ):
        return None, POSSIBLE
    if packages.is_open or not sure:
        return W, POSSIBLE
    return Severity.ERROR, CERTAIN if not environment.image else LIKELY


def _is_importable(top: str) -> bool:
    from importlib.util import find_spec  # noqa: PLC0415

    try:
        return find_spec(top) is not None
    except (ImportError, ValueError):
        return False
