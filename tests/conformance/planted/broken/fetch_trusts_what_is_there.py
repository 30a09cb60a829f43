"""A file that is there already is never fetched again, whatever is in it."""

from collections.abc import Sequence
from pathlib import Path

from trainferry_mill.plugin import Mill

from trainferry.hookspecs import hookimpl
from trainferry.progress import Report

CAUGHT_BY = "test_a_file_that_is_damaged_here_is_fetched_anew"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def fetch(self, ref: str, files: Sequence[str], destination: Path, report: Report) -> Sequence[Path]:
        """Fetch what is missing."""
        super().fetch(ref, [name for name in files if not (destination / name).exists()], destination, report)
        return [destination / name for name in files]
