"""ferry explain: what a finding means."""

import argparse
from difflib import get_close_matches
from typing import TYPE_CHECKING

from trainferry.cli.output import Output
from trainferry.errors import FerryError

if TYPE_CHECKING:
    from trainferry.checks.rules import Rule

DESCRIPTION = (
    """Tell more about a kind of finding: why it matters, what it looks like, how to mend it, how to silence it."""
)
EXAMPLES = [
    ("ferry explain script-missing", "one of them"),
    ("ferry explain", "list all of them"),
    ("ferry explain --json", "for a program"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("id", metavar="ID", nargs="?", help="what stands in brackets behind a finding")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0; 1 if there is no such finding."""
    from trainferry.explaining import every_rule  # noqa: PLC0415  (light commands import none of it)

    output = Output(arguments)
    rules = every_rule()
    data = {name: _data(rule) for name, rule in rules.items()}
    if arguments.id is None:
        output.document(data)
        width = max(map(len, data)) + 2
        output.answer("\n".join(f"{name:<{width}}{rule.severity:<9}{rule.title}" for name, rule in rules.items()))
        return 0
    rule = rules.get(arguments.id)
    if rule is None:
        close = get_close_matches(arguments.id, rules, n=1)
        guess = f"did you mean {close[0]}? " if close else ""
        raise FerryError(
            f"no finding of the core or of an installed backend is called '{arguments.id}'",
            remedy=f"{guess}'ferry explain' lists them",
        )
    output.document({arguments.id: data[arguments.id]})
    output.answer(_told(arguments.id, rule, output))
    return 0


def _data(rule: "Rule") -> dict[str, str]:
    keys = ("severity", "confidence", "title", "why", "how", "example")
    return {key: str(getattr(rule, key)) for key in keys}


def _told(name: str, rule: "Rule", output: Output) -> str:
    kind = output.paint(rule.severity, rule.severity)
    sure = "" if rule.confidence == "certain" else f", {rule.confidence} unless the finding says otherwise"
    example = "\n".join(f"  {line}" for line in rule.example.splitlines())
    silence = f'# ferry: ignore[{name}] beside it, or ignore = ["{name}"] in the settings'
    return (
        f"{name} ({kind}{sure})\n{rule.title}. {rule.why}\n\n{example}\n\n"
        f"to mend it: {rule.how}\nto silence one: {silence}"
    )
