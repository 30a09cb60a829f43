"""The rules of CONTRIBUTING.md that a machine can check and that ruff and mypy don't: sizes, layers, honest tests."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pytest

Sources = dict[Path, ast.Module]

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MEDIAN_FILE = 100
LONG_FUNCTION = 30
MOCKING = {"mock", "unittest.mock", "pytest_mock"}
PATCHES = {f"monkeypatch.{verb}" for verb in ("setattr", "delattr", "setitem", "delitem")}
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc"}


@pytest.fixture(scope="module")
def sources(root: Path, python_files: list[Path]) -> Sources:
    """The syntax tree of every Python file, by its path relative to the checkout."""
    return {file: ast.parse((root / file).read_text(encoding="utf-8"), str(file)) for file in python_files}


def is_function(node: ast.AST) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Tell a function or method from other nodes."""
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines from `def` to the end, docstring included."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Each imported module, wherever the import stands, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def package(file: Path) -> str:
    """The import package of a file below a `src` folder; empty for any other file."""
    return file.parts[file.parts.index("src") + 1] if "src" in file.parts else ""


def test_no_file_is_longer_than_the_budget(root: Path, python_files: list[Path]) -> None:
    lengths = {file: len((root / file).read_text(encoding="utf-8").splitlines()) for file in python_files}
    assert [f"{file}: {lines} lines" for file, lines in lengths.items() if lines > LONGEST_FILE] == []
    assert statistics.median(lines for file, lines in lengths.items() if package(file)) < MEDIAN_FILE


def test_no_function_is_longer_than_the_budget(sources: Sources) -> None:
    lengths = {
        f"{file}:{node.lineno} {node.name}": length(node)
        for file, tree in sources.items()
        for node in ast.walk(tree)
        if is_function(node)
    }
    assert [f"{where}: {lines} lines" for where, lines in lengths.items() if lines > LONGEST_FUNCTION] == []
    assert statistics.quantiles(lengths.values(), n=10)[-1] < LONG_FUNCTION, "one function in ten may be this long"


def test_no_module_has_a_name_that_says_nothing(python_files: list[Path]) -> None:
    assert [str(file) for file in python_files if file.stem in VAGUE or VAGUE & set(file.parts)] == []


def test_each_layer_imports_only_what_is_below_it(sources: Sources) -> None:
    """Core knows no backend, a backend knows no other, and the training scripts know nothing of Trainferry."""
    wrong = []
    for file, tree in sources.items():
        if file.parts[0] == "training" and "tests" not in file.parts:
            allowed = set()
        elif package(file):
            # What isn't of the family, such as the emulator, stands alone.
            allowed = {package(file)} | ({"trainferry"} if package(file).startswith("trainferry") else set())
        else:
            continue
        for line, module in imports(tree):
            top = module.partition(".")[0]
            if top.startswith("trainferry") and top not in allowed:
                wrong.append(f"{file}:{line} imports {module}")
    assert wrong == []


def test_only_the_facade_touches_the_hooks(sources: Sources) -> None:
    """Everything else goes through the typed methods of trainferry.backend.Backend."""
    touching = {
        str(file)
        for file, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "hook"
    }
    assert touching == {"core/src/trainferry/backend.py"}


def patches(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Each call that replaces something for a test, with its line; state of the interpreter, in sys, may be set."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in PATCHES and ast.unparse(node.args[0]) != "sys":
            yield node.lineno, ast.unparse(node)


def test_no_test_mocks(sources: Sources) -> None:
    """Environment variables and the working folder may be set for a test; parts of the program may not be replaced."""
    wrong = []
    for file, tree in sources.items():
        wrong += [f"{file}:{line} imports {module}" for line, module in imports(tree) if module in MOCKING]
        wrong += [f"{file}:{line} {call}" for line, call in patches(tree)]
    assert wrong == []


def test_tests_are_functions(sources: Sources) -> None:
    wrong = [
        f"{file}:{node.lineno} {node.name}"
        for file, tree in sources.items()
        if file.name.startswith("test_")
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test")
    ]
    assert wrong == []


def test_no_two_test_files_share_a_name(python_files: list[Path]) -> None:
    """A failure is named by its file; two of one name would be taken for each other."""
    names = [file.name for file in python_files if file.name.startswith("test_")]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


def test_every_package_is_typed(root: Path, python_files: list[Path]) -> None:
    """Without py.typed, whoever installs the wheel gets no types."""
    packages = {Path(*file.parts[: file.parts.index("src") + 2]) for file in python_files if package(file)}
    assert packages
    assert [str(folder) for folder in sorted(packages) if not (root / folder / "py.typed").is_file()] == []
