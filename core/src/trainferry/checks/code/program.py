"""The modules of a job that run: the script, and what it imports from the source folder."""

import ast
import io
import os
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from trainferry.checks.code import names
from trainferry.errors import Location
from trainferry.snapshot import Snapshot

LARGEST = 2_000_000
"""Most bytes of a file that are read; nobody writes more by hand."""
MOST_MODULES = 300
"""Modules that are followed; a source folder that reaches more holds a library, not a training script."""


@dataclass
class Module:
    """One Python file of the source folder."""

    path: str
    """Relative to the source folder, with forward slashes."""
    file: Path
    tree: ast.Module
    is_script: bool = False

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The node around each node."""
        return {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node, in the order of the walk."""
        return list(ast.walk(self.tree))

    @cached_property
    def mentioned(self) -> frozenset[str]:
        """Every name and attribute that the module mentions, but for those that only define one."""
        found = {node.id for node in self.nodes if isinstance(node, ast.Name)}
        return frozenset(found | {node.attr for node in self.nodes if isinstance(node, ast.Attribute)})

    @cached_property
    def named(self) -> dict[str, list[ast.AST]]:
        """Where each name and attribute is mentioned, but for the places that only define one."""
        found: dict[str, list[ast.AST]] = {}
        for node in self.nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found.setdefault(node.id, []).append(node)
            elif isinstance(node, ast.Attribute):
                found.setdefault(node.attr, []).append(node)
        return found

    @cached_property
    def names(self) -> names.Names:
        """What the module's names stand for."""
        return names.Names(self.nodes)

    @cached_property
    def calls(self) -> list[tuple[ast.Call, str]]:
        """Every call, in the order of the lines, with the full dotted name of what is called, as far as it is known."""
        found = [node for node in self.nodes if isinstance(node, ast.Call)]
        found.sort(key=lambda call: (call.lineno, call.col_offset))
        return [(call, self.names.full(call.func)) for call in found]

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, the nearest first."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def at(self, node: ast.AST) -> Location:
        """Where a node stands."""
        line, column = getattr(node, "lineno", None), getattr(node, "col_offset", None)
        return Location(shown(self.file), line, None if column is None else column + 1)


@dataclass
class Program:
    """The script and the local modules that it reaches, each parsed once."""

    root: Path
    modules: list[Module] = field(default_factory=list)
    error: SyntaxError | None = None
    """What is wrong with the first file that is no Python; `broken` is its path."""
    broken: Path | None = None
    runs: dict[ast.AST, bool] = field(default_factory=dict)
    """Functions that are known to run whenever the script does, or not to; filled as they are asked for."""

    @property
    def script(self) -> Module:
        """The module that is run."""
        return self.modules[0]

    def calls(self) -> Iterator[tuple[Module, ast.Call, str]]:
        """Every call of every module, with the full name of what is called."""
        for module in self.modules:
            for call, name in module.calls:
                yield module, call, name


def read_program(snapshot: Snapshot, script: str) -> Program | None:
    """The program that starts at `script` (relative to the source folder); None if it can't be read or is no Python."""
    program = Program(snapshot.root)
    travelling = {file.path for file in snapshot.files}
    start = os.path.normpath(script).replace(os.sep, "/")
    if start.startswith(("/", "..")):
        return None  # the check of the source says so
    waiting, seen = [start], {start}
    while waiting and len(program.modules) < MOST_MODULES:
        path = waiting.pop(0)
        module = _read(program, path)
        if module is None:
            if not program.modules:
                return program if program.error else None
            continue
        module.is_script = not program.modules
        program.modules.append(module)
        reached = [*names.local_imports(module.nodes, path, travelling, start), *started(module, travelling)]
        for found in reached:
            if found not in seen:
                seen.add(found)
                waiting.append(found)
    return program


def started(module: Module, travelling: set[str]) -> Iterator[str]:
    """Files of the source folder that the module names in constants: to run by `runpy`, or as another process."""
    for node in module.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:  # noqa: PLR2004
            for word in node.value.split() if node.value.strip() else ():
                if word.endswith(".py") and os.path.normpath(word) in travelling:
                    yield os.path.normpath(word)
                elif "." in word and (name := word.replace(".", "/") + ".py") in travelling:
                    yield name


def _read(program: Program, path: str) -> Module | None:
    file = program.root / path
    try:
        if not file.is_file() or file.stat().st_size > LARGEST:
            return None
        text = file.read_bytes()
    except OSError:
        return None
    tree = parse(text, file)
    if isinstance(tree, SyntaxError):
        if program.error is None:
            program.error, program.broken = tree, file
        return None
    return None if tree is None else Module(path, file, tree)


def parse(text: bytes, path: Path) -> ast.Module | SyntaxError | None:
    """The tree, what is wrong with it, or None if it is too deep to tell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape is the script's own business
        try:
            return _not_in_its_encoding(text, path) or ast.parse(text, str(path))
        except SyntaxError as error:
            return error
        except ValueError as error:
            return SyntaxError(str(error))
        except (RecursionError, MemoryError):
            return None


def _not_in_its_encoding(text: bytes, path: Path) -> SyntaxError | None:
    """What Python says of a file that isn't in the encoding that it names, UTF-8 if it names none (PEP 263).

    Raises SyntaxError for an encoding that there is none of.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(text).readline)
    except SyntaxError as error:
        if "invalid or missing" not in str(error):
            raise
        encoding = "utf-8"
    try:
        text.decode(encoding)
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        said = f"byte {text[error.start]:#x} is not {encoding}: save the file as UTF-8"
        return SyntaxError(said, (str(path), line, 1, None))
    return None


def shown(path: Path) -> str:
    """A path as a terminal can open it: relative to the working folder if it lies below."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
