"""ferry plot: metrics by epoch."""

import argparse
import shutil
import sys
from pathlib import Path

from trainferry.cli.output import Output
from trainferry.cli.parser import run_argument
from trainferry.cli.session import ferry_of
from trainferry.cli.sides import sides_of
from trainferry.compare import distinct
from trainferry.plot import draw_text, write_png

DESCRIPTION = """Draw the metrics of runs by epoch: in the terminal, or with -o as a PNG."""
EXAMPLES = [
    ("ferry plot latest", "in the terminal"),
    ("ferry plot latest -o history.png", "as a picture"),
    ("ferry plot a-1 b-2 reference.csv -o all.png", "several in one picture"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    run_argument(parser, many=True, or_file=True)
    parser.add_argument("-o", "--output", metavar="FILE.png", type=Path, help="write a PNG instead")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 when it is drawn."""
    output = Output(arguments)
    with ferry_of(arguments, output) as ferry:
        sides = sides_of(ferry, arguments.run)
    labels = distinct([side.label for side in sides])
    series = {label: side.rows for label, side in zip(labels, sides, strict=True)}
    if arguments.output is not None:
        write_png(series, arguments.output)
        output.answer(f"wrote {arguments.output.absolute()}")
        output.document({"file": str(arguments.output.absolute()), "series": series})
        return 0
    plain = (sys.stdout.encoding or "ascii").lower().replace("-", "") not in ("utf8", "utf16")
    output.answer(draw_text(series, shutil.get_terminal_size().columns, ascii_only=plain))
    output.document({"series": series})
    return 0
