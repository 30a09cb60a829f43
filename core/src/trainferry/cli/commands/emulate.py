"""ferry emulate: clouds that run on this machine, brought by other distributions."""

from __future__ import annotations

from trainferry.cli.format import table
from trainferry.cli.output import Output
from trainferry.plugins import EMULATORS, entries

TYPE_CHECKING = False  # as in trainferry/__init__.py
if TYPE_CHECKING:
    import argparse

DESCRIPTION = """List the installed emulators without importing any; with a name, run that one.

Whatever follows the name belongs to the emulator: 'ferry emulate azureml --help' shows what it takes."""
EXAMPLES = [
    ("ferry emulate", "all of them"),
    ("ferry emulate azureml", "run this one until Ctrl-C"),
    ("ferry emulate azureml --help", "what it can do"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    from argparse import REMAINDER  # noqa: PLC0415

    parser.add_argument("name", nargs="?", metavar="NAME", help="run this emulator")
    parser.add_argument("arguments", nargs=REMAINDER, metavar="...", help="what the emulator takes")


def run(arguments: argparse.Namespace) -> int:
    """Exit code of the emulator; 0 for the list."""
    if arguments.name is not None:
        return _one(arguments.name, arguments.arguments)
    output = Output(arguments)
    found = entries(EMULATORS)
    output.document(
        [{"name": e.name, "distribution": e.distribution, "version": e.version, "target": e.target} for e in found]
    )
    if found:
        rows = [(e.name, e.distribution, e.version) for e in found]
        output.answer(table(("EMULATOR", "DISTRIBUTION", "VERSION"), rows))
    else:
        output.say("no emulator is installed; that of Azure ML comes with: pip install azureml-emulator")
    return 0


def _one(name: str, arguments: list[str]) -> int:
    """An emulator is a function of its arguments and of what the user typed to reach it."""
    from trainferry.errors import PluginError  # noqa: PLC0415
    from trainferry.plugins import find, target  # noqa: PLC0415

    entry = find(EMULATORS, name)
    try:
        main = target(entry)
    except Exception as error:
        raise PluginError(
            f"the emulator {entry} can't be loaded: {type(error).__name__}: {error}",
            remedy=f"reinstall or update it: pip install --upgrade {entry.distribution}",
        ) from error
    if not callable(main):
        raise PluginError(f"the emulator {entry} is no function", remedy=f"its authors make {entry.target} one")
    code: int = main(arguments, f"ferry emulate {name}")
    return code
