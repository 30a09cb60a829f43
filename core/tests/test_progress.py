"""Progress on a real terminal, and beside one."""

import os
import pty
import subprocess
import sys

SHOW = """
import argparse, sys
from trainferry.cli.output import Output
from trainferry.cli.progress import ProgressView
from trainferry.progress import Progress

output = Output(argparse.Namespace(json=False, quiet=False, no_color=False))
with ProgressView(output) as view:
    before = "rich" in sys.modules
    view(Progress("looking through /x", 1234, unit="file"))
    view(Progress("copying", 1, 4, "file"))
print(before, "rich" in sys.modules)
"""


def shown(*, terminal: bool) -> tuple[list[str], str]:
    """What the program prints to stdout, by lines, and all that it writes to stderr."""
    ours, theirs = pty.openpty() if terminal else os.pipe()
    with os.fdopen(ours, "rb", buffering=0) as stream:
        done = subprocess.run(
            [sys.executable, "-c", SHOW], stdout=subprocess.PIPE, stderr=theirs, text=True, check=True
        )
        os.close(theirs)
        said = b""
        try:
            while piece := stream.read(65536):
                said += piece
        except OSError:  # how a terminal says that nobody writes to it any more
            pass
    return done.stdout.split(), said.decode()


def test_a_terminal_shows_a_bar_from_the_first_event_on() -> None:
    lines, said = shown(terminal=True)
    assert lines == ["False", "True"]
    assert "looking through /x" in said
    assert "1,234 files" in said
    assert "25%" in said


def test_elsewhere_each_step_is_a_line() -> None:
    lines, said = shown(terminal=False)
    assert lines == ["False", "False"]
    assert said == "- looking through /x\n- copying\n"
