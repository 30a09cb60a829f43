"""ferry new-backend: a distribution to start a backend of one's own from."""

import argparse
from pathlib import Path

from trainferry.cli.output import Output

DESCRIPTION = """Write a backend of your own, to start from: a distribution that installs and runs jobs.

As written it starts each job as a plain process of this machine, and passes the conformance kit as far as it goes;
docs/how-to/write-a-backend.md goes on from there. Nothing that is there already is overwritten."""
EXAMPLES = [
    ("ferry new-backend slurm", "in the folder trainferry-slurm/"),
    ("ferry new-backend slurm --to plugins/slurm", "in another folder"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("name", metavar="NAME", help="name of the backend, as in --on NAME")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="where (default: trainferry-NAME)")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 when the distribution is written."""
    from trainferry.scaffold import new_backend

    output = Output(arguments)
    folder: Path = arguments.to or Path(f"trainferry-{arguments.name}")
    written = new_backend(arguments.name, folder)
    for file in written:
        output.answer(f"wrote {folder / file}")
    output.document({"folder": str(folder.absolute()), "files": [file.as_posix() for file in written]})
    output.say(f"try: cd {folder} && pip install -e '.[test]' && pytest")
    return 0
