"""The tests of the kit, one module for each promise or hook. `trainferry.testing.suite` gathers them."""

import ast
from pathlib import Path


def modules() -> dict[str, ast.Module]:
    """The syntax tree of each module by its name: what is in the kit can be told without running any of it."""
    files = sorted(Path(__file__).parent.glob("[a-z]*.py"))
    return {file.stem: ast.parse(file.read_text(encoding="utf-8")) for file in files}


def tests_of(module: ast.Module) -> list[ast.FunctionDef]:
    """The tests in a module."""
    return [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


def names() -> list[str]:
    """The name of every test of the kit."""
    return [test.name for module in modules().values() for test in tests_of(module)]
