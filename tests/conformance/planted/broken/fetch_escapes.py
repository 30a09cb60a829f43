"""Names are trusted: what a server calls ../x is written there."""

from collections.abc import Sequence
from pathlib import Path

from trainferry_mill.plugin import Mill
from trainferry_mill.runs import folder_of

from trainferry.hookspecs import hookimpl

CAUGHT_BY = "test_the_plugin_itself_refuses_a_name_that_leads_out[../escaped.txt]"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def fetch(self, ref: str, files: Sequence[str], destination: Path) -> Sequence[Path]:
        """Write wherever the name leads."""
        homes = [destination / name for name in files]
        for name, home in zip(files, homes, strict=True):
            home.parent.mkdir(parents=True, exist_ok=True)
            source = folder_of(self, ref) / "work" / name
            home.write_bytes(source.read_bytes() if source.is_file() else b"")
        return homes
