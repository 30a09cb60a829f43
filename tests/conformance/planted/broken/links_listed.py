"""Links that the script made are listed and lead to files of the machine."""

from collections.abc import Sequence

from trainferry_mill.plugin import Mill
from trainferry_mill.runs import folder_of

from trainferry.hookspecs import hookimpl
from trainferry.results import FileEntry

CAUGHT_BY = "test_a_link_out_of_the_run_is_not_listed"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def list_files(self, ref: str) -> Sequence[FileEntry]:
        """List whatever is a file in the end."""
        work = folder_of(self, ref) / "work"
        files = [
            path
            for path in work.rglob("*")
            if path.is_file() and path.relative_to(work).parts[0] in ("outputs", "logs")
        ]
        return [FileEntry(path.relative_to(work).as_posix(), path.stat().st_size, path) for path in files]
