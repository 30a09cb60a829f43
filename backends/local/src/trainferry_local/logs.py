"""Reading the log of a run, piece by piece."""

from pathlib import Path

from trainferry.logfiles import read_chunk
from trainferry.results import LogChunk
from trainferry_local.supervision import states
from trainferry_local.supervision.layout import Run
from trainferry_local.watching import status_of


def read_log(run: Run, cursor: str | None) -> LogChunk:
    """The log from `cursor` on."""
    status_of(run)  # notes a dead supervisor, without which the log of its run would never be finished
    state = states.read_state(run)  # before reading: what is written up to the end of the run is then in the file
    return read_chunk(Path(run.log), cursor, ended=state is None or state.final)
