"""A link in the destination is followed out of it."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from trainferry_mill.plugin import Mill
from trainferry_mill.runs import folder_of

from trainferry.hookspecs import hookimpl

CAUGHT_BY = "test_a_link_in_the_destination_is_not_followed"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def fetch(self, ref: str, files: Sequence[str], destination: Path) -> Sequence[Path]:
        """Copy, and look where to no more than the system does."""
        homes = [destination / name for name in files]
        for name, home in zip(files, homes, strict=True):
            home.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder_of(self, ref) / "work" / name, home)
        return homes
