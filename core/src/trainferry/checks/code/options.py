"""What the parsed command line would hold: the defaults of the script's options, with the job's arguments over them."""

import ast
import re
from collections.abc import Mapping

from trainferry.checks.code.names import argument
from trainferry.checks.code.program import Program
from trainferry.checks.code.values import DATASET
from trainferry.specs.job import PLACEHOLDER, Job

_NUMBERS = {"int": int, "float": float}


def read_options(program: Program, job: Job) -> Mapping[str, object]:
    """The value of each option by its attribute (`--batch-size` is `batch_size`), where it can be told."""
    given = [PLACEHOLDER.sub(_dataset, item) for item in job.arguments]
    options: dict[str, object] = {}
    for _, call, name in program.calls():
        if name.endswith("add_argument"):
            _take(call, given, options)
    for _, node, name in program.calls():
        if name in ("click.option", "typer.Option"):
            _take(node, given, options)
    return options


def _dataset(match: re.Match[str]) -> str:
    return DATASET + match[1].removeprefix("datasets.")


def _take(call: ast.Call, given: list[str], options: dict[str, object]) -> None:
    names = [item.value for item in call.args if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    long = next((name for name in names if name.startswith("--")), names[0] if names else "")
    dest = argument(call, None, "dest")
    attribute = dest.value if isinstance(dest, ast.Constant) else long.lstrip("-").replace("-", "_")
    if not isinstance(attribute, str) or not attribute:
        return
    default = argument(call, None, "default")
    if isinstance(default, ast.Constant) and default.value is not None:
        options[attribute] = default.value
    action = argument(call, None, "action")
    if isinstance(action, ast.Constant) and action.value in ("store_true", "store_false"):
        options[attribute] = (action.value == "store_true") == any(name in given for name in names)
        return
    text = _given(names, given)
    if text is not None:
        options[attribute] = _converted(text, argument(call, None, "type"))


def _given(names: list[str], given: list[str]) -> str | None:
    for number, item in enumerate(given):
        name, equals, value = item.partition("=")
        if name in names and name.startswith("-"):
            return value if equals else given[number + 1] if number + 1 < len(given) else None
    return None


def _converted(text: str, kind: ast.expr | None) -> object:
    number = _NUMBERS.get(kind.id) if isinstance(kind, ast.Name) else None
    try:
        return number(text) if number else text
    except ValueError:
        return text
