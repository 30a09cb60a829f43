"""Makes docs/reference/cli.md from the parsers of the commands."""

import argparse
from itertools import groupby

from trainferry.cli.parser import make
from trainferry.cli.table import COMMANDS

INTRODUCTION = """\
`ferry COMMAND --help` shows the same. Every command ends with exit code 0 when all is done, 1 when a run failed or
something is wrong, 2 for wrong usage, and 130 when interrupted."""


def cli_page() -> str:
    """The page: the commands by group, then each with its arguments, options and examples."""
    parts = ["# The command line", INTRODUCTION]
    for group, some in groupby(COMMANDS.items(), key=lambda command: command[1][0]):
        rows = [f"| [`ferry {name}`](#ferry-{name}) | {summary} |" for name, (_, summary) in some]
        parts.append(f"| {group} | |\n|---|---|\n" + "\n".join(rows))
    return "\n\n".join([*parts, *(_section(name) for name in COMMANDS)]) + "\n"


def _section(name: str) -> str:
    module, parser = make(name)
    actions = [action for action in parser._actions if action.dest != "help"]  # noqa: SLF001  (no public way)
    places = [_place(action) for action in actions if not action.option_strings]
    usage = " ".join(["ferry", name, *places, "[OPTIONS]"])
    table = "| | |\n|---|---|\n" + "\n".join(f"| {_name(action)} | {_meaning(action)} |" for action in actions)
    examples = "\n".join(f"- `{command}`: {meaning}" for command, meaning in module.EXAMPLES)
    return f"## ferry {name}\n\n{module.DESCRIPTION}\n\n```text\n{usage}\n```\n\n{table}\n\nExamples:\n\n{examples}"


def _place(action: argparse.Action) -> str:
    """Show an argument as usage lines do: `[NAME]` may be left out, `NAME ...` repeats."""
    name = str(action.metavar or action.dest)
    return {"?": f"[{name}]", "*": f"[{name} ...]", "+": f"{name} ..."}.get(str(action.nargs), name)


def _name(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"`{_place(action)}`"
    value = "" if action.nargs == 0 else " " + (str(action.metavar) if action.metavar else action.dest.upper())
    return ", ".join(f"`{option}{value}`" for option in action.option_strings)


def _meaning(action: argparse.Action) -> str:
    text = (action.help or "") % {**vars(action), "prog": "ferry"}
    choices = f" ({', '.join(map(str, action.choices))})" if action.choices else ""
    return (text + choices).replace("|", "\\|")
