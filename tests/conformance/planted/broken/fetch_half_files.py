"""A file grows under its final name: an interrupted fetch leaves half of it there."""

from collections.abc import Sequence
from pathlib import Path

from trainferry_mill.plugin import Mill
from trainferry_mill.runs import folder_of

from trainferry.hookspecs import hookimpl
from trainferry.progress import Progress, Report

CAUGHT_BY = "test_an_interrupted_fetch_leaves_no_half_file_and_goes_on"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def fetch(self, ref: str, files: Sequence[str], destination: Path, report: Report) -> Sequence[Path]:
        """Write half, tell how far it is, write the rest."""
        homes = [destination / name for name in files]
        for name, home in zip(files, homes, strict=True):
            data = (folder_of(self, ref) / "work" / name).read_bytes()
            home.parent.mkdir(parents=True, exist_ok=True)
            home.write_bytes(data[: len(data) // 2])
            report(Progress(name, len(data) // 2, len(data), "byte"))
            home.write_bytes(data)
        return homes
