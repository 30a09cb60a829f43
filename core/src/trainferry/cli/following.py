"""Following a run to its end on this terminal. Ctrl-C stops the following, never the run."""

import sys
from typing import TYPE_CHECKING

from trainferry.cli.main import INTERRUPTED

if TYPE_CHECKING:
    from trainferry.cli.output import Output
    from trainferry.run import Run


def follow(run: "Run", output: "Output", before: str = "", cursor: str | None = None) -> int | None:
    """Print the log as it comes, until the run has ended; returns 130 if the user stopped following, else None.

    With a cursor, `before` is printed in place of all that the log holds up to there.
    """
    stream = sys.stderr if output.json else sys.stdout
    try:
        stream.write(before)
        for text in run.follow(cursor):
            stream.write(text)
            stream.flush()
    except KeyboardInterrupt:
        detached(run, output)
        return INTERRUPTED
    return None


def detached(run: "Run", output: "Output") -> None:
    """Say that the run goes on, and how to come back to it."""
    output.say(f"\nthe run goes on; follow it again: ferry logs -f {run.id}")
    output.say(f"                 end it:          ferry cancel {run.id}")
    output.document({"run": {"id": run.id, "state": run.state}})
