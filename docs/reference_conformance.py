"""Makes docs/reference/conformance.md from the tests of the kit."""

import ast
import re

from trainferry.testing import promises

INTRODUCTION = """\
Every test of the conformance kit, by the promise or hook that it is about. A test with hooks in brackets is skipped on
a backend that doesn't implement them, and the writing of mounts on one whose `rehearsal_rules` say that it can be done;
no other test can be skipped. [How to use the kit](../how-to/conformance-kit.md)."""


def conformance_page() -> str:
    """The page: a section for each module of the kit, with a line for each test."""
    parts = ["# The tests of the conformance kit", INTRODUCTION]
    for module in sorted(promises.modules().values(), key=place):
        tests = promises.tests_of(module)
        if tests:
            parts += [f"## {title(module)}", "\n".join(line(test) for test in tests)]
    return "\n\n".join(parts) + "\n"


def title(module: ast.Module) -> str:
    """What a module is about: its docstring."""
    return (ast.get_docstring(module) or "").rstrip(".")


def place(module: ast.Module) -> tuple[int, str]:
    """Where a module stands on the page: the promises by their numbers, then the rest."""
    number = re.search(r"\d+", title(module))
    return (int(number[0]) if number else 99, title(module))


def line(test: ast.FunctionDef) -> str:
    """One test as a sentence, with what it needs and why it is there."""
    sentence = test.name.removeprefix("test_").replace("_", " ")
    marks = [mark for mark in test.decorator_list if isinstance(mark, ast.Call) and "requires" in ast.unparse(mark)]
    needs = [ast.literal_eval(word) for mark in marks for word in mark.args]
    hooks = f" [{', '.join(f'`{hook}`' for hook in needs)}]" if needs else ""
    why = (ast.get_docstring(test) or "").replace("\n", " ")
    return f"- {sentence}{hooks}" + (f". {why}" if why else "")
