"""ferry schema: the JSON Schema of job files."""

import argparse
import json
from pathlib import Path

from trainferry.cli.output import Output
from trainferry.errors import FerryError
from trainferry.schema import job_schema

DESCRIPTION = """Write the JSON Schema of job files.

An editor with a YAML extension completes and checks with it, given the line
  # yaml-language-server: $schema=job.schema.json
at the top of the job file."""
EXAMPLES = [("ferry schema -o job.schema.json", "to a file"), ("ferry schema", "to the terminal")]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write it to this file")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 when it is written."""
    text = json.dumps(job_schema(), indent=2, ensure_ascii=False) + "\n"
    if arguments.output is None:
        print(text, end="")
        return 0
    output = Output(arguments)
    file: Path = arguments.output
    half = file.with_name(f".{file.name}.part")
    try:
        half.write_text(text, encoding="utf-8")
        half.replace(file)
    except OSError as error:
        raise FerryError(f"can't write {file}: {error.strerror}", remedy="name another file with -o") from error
    output.answer(f"wrote {file}")
    output.document({"file": str(file.absolute())})
    return 0
