"""Makes docs/reference/hooks.md from the docstrings of the hook specifications."""

import ast
import doctest
import inspect
from collections.abc import Callable
from typing import Any

from trainferry import hookspecs

Hook = Callable[..., Any]

ASKED = {
    True: "Asked of the backend; its answer counts.",
    False: "Asked of the backend and of every extension; all answers are collected.",
}


def hooks_page() -> str:
    """The page: what a plugin is, then each hook with its signature, its promise and a plugin that implements it."""
    hooks = {name: hook for name, hook in vars(hookspecs).items() if hasattr(hook, f"{hookspecs.PROJECT}_spec")}
    introduction = inspect.getdoc(hookspecs) or ""
    parts = [
        "# The hooks that a plugin implements",
        introduction,
        f"This is version {hookspecs.INTERFACE_VERSION} of the interface.",
        "| hook | must a backend have it? |\n|---|---|\n" + "\n".join(map(_row, hooks)),
        *(_section(name, hook) for name, hook in hooks.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _row(name: str) -> str:
    return f"| [`{name}`](#{name}) | {'yes' if name in hookspecs.REQUIRED else 'no'} |"


def _section(name: str, hook: Hook) -> str:
    options = getattr(hook, f"{hookspecs.PROJECT}_spec")
    prose, example = _split(inspect.getdoc(hook) or "")
    return "\n\n".join(
        [
            f"## {name}",
            f"```text\n{_signature(hook)}\n```",
            f"{prose} {ASKED[bool(options['firstresult'])]}",
            "<!-- not-run: the core's tests run the docstring that it comes from -->\n" + f"```python\n{example}\n```",
        ]
    )


def _signature(hook: Hook) -> str:
    """Give the signature as it is written in the source, but without the quotes of late annotations."""
    tree = ast.parse(inspect.getsource(hook))
    definition = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    returns = f" -> {ast.unparse(definition.returns)}" if definition.returns else ""
    return f"{definition.name}({ast.unparse(definition.args)}){returns}".replace("'", "")


def _split(docstring: str) -> tuple[str, str]:
    """Part a docstring into its prose and its example, as a script with each expected output in a comment."""
    prose, _, _ = docstring.partition(">>>")
    lines: list[str] = []
    for example in doctest.DocTestParser().get_examples(docstring):
        lines += example.source.rstrip("\n").split("\n")
        lines += [f"# {line}" for line in example.want.rstrip("\n").split("\n") if line]
    return prose.strip(), "\n".join(lines)
