"""Parsers of commands: argparse, for its start-up time, with examples in each help and errors that say what to type."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from trainferry.cli.table import COMMANDS

TYPE_CHECKING = False  # as in trainferry/__init__.py
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType
    from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """An argparse parser whose errors are two lines: what is wrong, and what to type."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments and exit with 2."""
        print(f"{self.prog}: {message}{self._suggestion(message)}", file=sys.stderr)
        print(f"  '{self.prog} --help' shows the options", file=sys.stderr)
        sys.exit(2)

    def _suggestion(self, message: str) -> str:
        from difflib import get_close_matches  # noqa: PLC0415  (only when something went wrong)

        if not message.startswith("unrecognized arguments:"):
            return ""
        known = [option for action in self._actions for option in action.option_strings]
        close = get_close_matches(message.partition(":")[2].split()[0].partition("=")[0], known, n=1)
        return f" (did you mean {close[0]}?)" if close else ""


def module_of(name: str) -> ModuleType:
    """The module of a command."""
    return import_module(f"trainferry.cli.commands.{name.replace('-', '_')}")


def configure(parser: argparse.ArgumentParser, module: ModuleType) -> None:
    """Give a parser the description, examples and options of a command."""
    width = max(len(command) for command, _ in module.EXAMPLES) + 2
    examples = "\n".join(f"  {command:<{width}}{meaning}" for command, meaning in module.EXAMPLES)
    parser.description = module.DESCRIPTION
    parser.epilog = f"examples:\n{examples}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    module.configure(parser)
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="print one JSON document, for other programs")
    group.add_argument("-q", "--quiet", action="store_true", help="leave out everything but the answer")
    group.add_argument("--no-color", action="store_true", help="no colours (also with NO_COLOR set)")


def make(name: str) -> tuple[ModuleType, Parser]:
    """The module of a command and its parser."""
    module = module_of(name)
    parser = Parser(prog=f"ferry {name}", allow_abbrev=False)
    configure(parser, module)
    return module, parser


def parse(name: str, arguments: Sequence[str]) -> tuple[ModuleType, argparse.Namespace]:
    """The module of a command and its parsed arguments; exits with 2 if they can't be parsed."""
    module, parser = make(name)
    return module, parser.parse_args(arguments)


def whole() -> argparse.ArgumentParser:
    """One parser of everything, for completion."""
    parser = Parser(prog="ferry", allow_abbrev=False)
    parser.add_argument("--version", action="store_true", help="show the version")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, (_, summary) in COMMANDS.items():
        configure(commands.add_parser(name, help=summary, allow_abbrev=False), module_of(name))
    return parser


def settings_options(parser: argparse.ArgumentParser) -> None:
    """The options that every command with settings takes."""
    group = parser.add_argument_group("settings")
    group.add_argument("--on", metavar="BACKEND", help="backend to use, instead of the one in the settings")
    group.add_argument("--profile", metavar="NAME", help="profile to use, a [profiles.NAME] table of the settings")
    group.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="set one value, like compute.size=X; repeatable"
    )


def run_argument(parser: argparse.ArgumentParser, *, many: bool = False, or_file: bool = False) -> None:
    """The argument that names a run."""
    what = "id of a run, the start of one, or 'latest'" + (
        "; or a CSV or JSON-lines file of metrics" if or_file else ""
    )
    parser.add_argument("run", metavar="RUN", nargs="+" if many else None, help=what)


def count(text: str) -> int:
    """A number of things: whole, and not below 0."""
    if not text.strip().isascii() or not text.strip().isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number of 0 or more")
    return int(text)


def job_argument(parser: argparse.ArgumentParser) -> None:
    """The argument that names a job file."""
    parser.add_argument("job", metavar="JOB", help="job file, such as job.yaml")
