"""ferry explain: what a finding means."""

import argparse
from difflib import get_close_matches

from trainferry.cli.output import Output
from trainferry.errors import FerryError

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
    from trainferry.checks.rules import RULES  # noqa: PLC0415  (light commands import none of it)

    output = Output(arguments)
    data = {
        name: {
            "severity": rule.severity,
            "confidence": rule.confidence,
            "title": rule.title,
            "why": rule.why,
            "how": rule.how,
            "example": rule.example,
        }
        for name, rule in sorted(RULES.items())
    }
    if arguments.id is None:
        output.document(data)
        width = max(map(len, data)) + 2
        output.answer(
            "\n".join(f"{name:<{width}}{rule.severity:<9}{rule.title}" for name, rule in sorted(RULES.items()))
        )
        return 0
    rule = RULES.get(arguments.id)
    if rule is None:
        close = get_close_matches(arguments.id, RULES, n=1)
        guess = f"did you mean {close[0]}? " if close else ""
        raise FerryError(
            f"no finding of the core's is called '{arguments.id}'",
            remedy=f"{guess}'ferry explain' lists them; a backend explains its own in its documentation",
        )
    output.document({arguments.id: data[arguments.id]})
    kind = output.paint(rule.severity, rule.severity)
    sure = "" if rule.confidence == "certain" else f", {rule.confidence} unless the finding says otherwise"
    output.answer(f"{arguments.id} ({kind}{sure})\n{rule.title}. {rule.why}\n")
    output.answer("\n".join(f"  {line}" for line in rule.example.splitlines()))
    output.answer(f"\nto mend it: {rule.how}")
    output.answer(
        f'to silence one: # ferry: ignore[{arguments.id}] beside it, or ignore = ["{arguments.id}"] in the settings'
    )
    return 0
