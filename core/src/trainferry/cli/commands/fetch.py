"""ferry fetch: bring the files of a run to a folder."""

import argparse
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.cli.format import size
from trainferry.cli.output import Output
from trainferry.cli.parser import run_argument
from trainferry.cli.progress import ProgressView
from trainferry.cli.session import ferry_of
from trainferry.errors import BackendError

if TYPE_CHECKING:
    from trainferry.run import Run

DESCRIPTION = """Bring what a run wrote below outputs/ and logs/ to a folder.

A fetch that was interrupted goes on where it stopped; a file appears under its name only when it is whole.
In the source folder of a job, too, what was fetched stays at home: make it a dataset if the next run needs it."""
EXAMPLES = [
    ("ferry fetch latest", "everything, to a folder named like the run"),
    ("ferry fetch latest --to results", "to a folder of your choice"),
    ("ferry fetch latest outputs/model.keras", "one file"),
    ("ferry fetch latest 'outputs/*.csv'", "those that fit a pattern"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    run_argument(parser)
    parser.add_argument("files", nargs="*", metavar="FILE", help="paths or patterns (all files if left out)")
    parser.add_argument("--to", metavar="DIR", type=Path, help="folder to write to (default: ./RUN)")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 when every file is there."""
    output = Output(arguments)
    with ferry_of(arguments, output) as ferry:
        handle = ferry.get(arguments.run).refresh()
        destination = arguments.to or Path(handle.id)
        names = _wanted(handle, arguments.files)
        with ProgressView(output) as view:
            homes = handle.fetch(destination, names, view)
        output.document({"run": handle.id, "files": [str(home.absolute()) for home in homes]})
        for home in homes:
            output.answer(f"{size(home.stat().st_size):>10}  {home}")
        if not homes:
            output.say(f"the run {handle.id} has written no files so far")
    return 0


def _wanted(handle: "Run", patterns: list[str]) -> list[str]:
    names = [entry.path for entry in handle.files()]
    if not patterns:
        return names
    chosen: list[str] = []
    for pattern in patterns:
        fitting = [name for name in names if name == pattern or fnmatchcase(name, pattern)]
        if not fitting:
            some = ", ".join(names[:8]) or "none"
            raise BackendError(f"the run {handle.id} has no file '{pattern}'", remedy=f"it has: {some}")
        chosen += [name for name in fitting if name not in chosen]
    return chosen
