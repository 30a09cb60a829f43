"""Walking a source folder: what of it travels."""

import os
import stat
import time
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.errors import FerryError
from trainferry.progress import Progress, Report, silent
from trainferry.snapshot import exclusions, ignoring
from trainferry.snapshot.model import Snapshot, SnapshotFile

if TYPE_CHECKING:
    from trainferry.specs.finding import Finding


MOST = 200_000
"""Files and folders that are looked at: a source with more is a home folder or a whole disk, or it holds the data."""

PATIENCE = 1.0
"""Seconds of silence: a walk that takes longer tells how far it is, once in so long."""

_STRIDE = 1_000
"""Entries between two looks at the clock."""

_SHOWN = 3
"""Folders that are named when the bound is passed."""


def list_snapshot(
    source: Path,
    without: Collection[Path] = (),
    report: Report = silent,
    *,
    most: int = MOST,
    patience: float = PATIENCE,
) -> Snapshot:
    """What of the folder `source` travels. Reads names and sizes only; never raises: what is wrong is in `problems`.

    `without` are files and folders that travel in another way, such as the job's datasets. A link that stays inside is
    followed, so that every backend gets the same regular files; one that leads out, nowhere or in a circle is an error.
    After `most` files and folders it stops: the snapshot isn't `complete`, and its one problem names the largest parts.
    """
    walk = _Walk(os.path.realpath(source), frozenset(os.path.realpath(path) for path in without), most)
    walk.report, walk.patience = report, patience
    try:
        walk.start()
    except _TooManyError:
        walk.give_up()
    files = tuple(sorted(walk.files, key=lambda file: file.path))
    return Snapshot(Path(walk.root), files, walk.ignore_file, tuple(walk.problems), complete=walk.seen <= most)


class _TooManyError(Exception):
    """The bound is passed."""


class _Walk:
    """One pass over a source folder."""

    def __init__(self, root: str, without: frozenset[str], most: int) -> None:
        self.root = root
        self.without = without
        self.without_names = {os.path.basename(path) for path in without}
        self.most = most
        self.seen = 0
        self.tops: Counter[str] = Counter()
        self.report: Report = silent
        self.patience = PATIENCE
        self.told = time.monotonic()
        self.files: list[SnapshotFile] = []
        self.problems: list[Finding] = []
        self.ignore_file: str | None = None
        self.ignore_name = ".gitignore"

    def start(self) -> None:
        """Walk from the top; _TooManyError once the bound is passed."""
        if not os.path.isdir(self.root):
            self._problem(
                "source-missing", f"the source folder {self.root} is not there", "correct 'source' in the job file"
            )
            return
        self._folder("", (), (self.root,))

    def give_up(self) -> None:
        """Leave one problem: what is there in so great numbers. The others are those of a folder that nobody meant."""
        largest = ", ".join(f"{_printable(name)}/ {count:,}" for name, count in self.tops.most_common(_SHOWN))
        self.problems.clear()
        self._problem(
            "source-too-many",
            f"stopped after {self.most:,} files and folders in the source folder {self.root}; most so far: {largest}",
            f"let source name the folder of the script, or list in {self.ignore_file or '.ferryignore'} what it doesn't"
            " need; make data a dataset",
        )

    def _count(self) -> None:
        self.seen += 1
        if self.seen > self.most:
            raise _TooManyError
        if self.seen % _STRIDE == 1:
            now = time.monotonic()
            if now - self.told >= self.patience:
                self.told = now
                self.report(Progress(f"looking through {_printable(self.root)}", self.seen, unit="file"))

    def _folder(self, prefix: str, rules: tuple[ignoring.Rules, ...], way: tuple[str, ...]) -> None:
        """Take a folder; `prefix` is its path with a slash, `way` the real folders that lead to it."""
        try:
            with os.scandir(os.path.join(self.root, prefix)) as found:
                entries = list(found)
        except OSError as error:
            self._unreadable(prefix, error)
            return
        names = {entry.name for entry in entries}
        if not prefix:
            self.ignore_file = ignoring.kind_of(names)
            self.ignore_name = self.ignore_file or self.ignore_name
        if self.ignore_name in names:
            rules = self._more_rules(prefix, rules)
        for entry in entries:
            begun = self.seen
            try:
                self._entry(entry, prefix, rules, way)
            finally:
                if not prefix:
                    self.tops[entry.name] = self.seen - begun

    def _more_rules(self, prefix: str, rules: tuple[ignoring.Rules, ...]) -> tuple[ignoring.Rules, ...]:
        path = os.path.join(self.root, prefix, self.ignore_name)
        try:
            return (*rules, ignoring.read_rules(path, prefix))
        except OSError as error:
            self._unreadable(prefix + self.ignore_name, error)
        except FerryError as error:
            line = error.where.line if error.where else None
            self._problem("ignore-pattern", error.message, error.remedy, prefix + self.ignore_name, line=line)
        return rules

    def _entry(
        self, entry: os.DirEntry[str], prefix: str, rules: tuple[ignoring.Rules, ...], way: tuple[str, ...]
    ) -> None:
        name, path = entry.name, prefix + entry.name
        if exclusions.never_travels(name) or self._is_result(entry, prefix):
            return
        try:
            is_folder = entry.is_dir()
            if ignoring.ignored(path, rules, is_folder=is_folder):
                return
            self._count()
            if not _is_text(name):
                self._problem(
                    "name-not-utf8",
                    f"the name {path!r} is not valid UTF-8",
                    "rename it, or list it in .ferryignore",
                    path,
                )
            elif entry.is_symlink():
                self._link(entry, path, rules, way)
            elif name in self.without_names and os.path.realpath(entry.path) in self.without:
                return
            elif is_folder:
                self._subfolder(entry.path, path, rules, way)
            else:
                self._file(entry.stat(), path)
        except OSError as error:
            self._unreadable(path, error)

    def _is_result(self, entry: os.DirEntry[str], prefix: str) -> bool:
        if entry.name not in exclusions.RESULTS or not entry.is_dir():
            return False
        if prefix:
            return exclusions.was_fetched(os.path.join(self.root, prefix))
        if any(name.endswith(".py") for name in os.listdir(entry.path)):
            self._problem(
                "results-hold-code",
                f"{entry.name}/ holds Python files, but stays at home: it is where a run writes",
                "rename the folder if the script imports from it",
                entry.name,
                "warning",
            )
        return True

    def _subfolder(self, real: str, path: str, rules: tuple[ignoring.Rules, ...], way: tuple[str, ...]) -> None:
        if real in way:
            self._problem(
                "link-circle", f"{path} leads in a circle", "remove the link, or list it in .ferryignore", path
            )
        elif not exclusions.is_made_here(real):
            self._folder(path + "/", rules, (*way, real))

    def _file(self, status: os.stat_result, path: str) -> None:
        if stat.S_ISREG(status.st_mode):
            self.files.append(SnapshotFile(path, status.st_size, bool(status.st_mode & stat.S_IXUSR)))
        else:
            text = f"{path} is no regular file (a socket, pipe or device) and stays at home"
            self._problem("not-a-file", text, "list it in .ferryignore to silence this", path, "warning")

    def _link(
        self, entry: os.DirEntry[str], path: str, rules: tuple[ignoring.Rules, ...], way: tuple[str, ...]
    ) -> None:
        real = os.path.realpath(entry.path)
        shown = os.readlink(entry.path)
        remedy = "copy what it points at into the source folder, make it a dataset, or list the link in .ferryignore"
        if real in self.without:
            return
        if real != self.root and not real.startswith(self.root.rstrip("/") + "/"):
            self._problem("link-leads-out", f"the link {path} leads out of the source folder, to {shown}", remedy, path)
        elif not os.path.exists(real):
            self._problem("link-broken", f"the link {path} points at {shown}, which is not there", remedy, path)
        elif self._stays(real):
            self._problem("link-to-excluded", f"the link {path} points at {shown}, which never travels", remedy, path)
        elif os.path.isdir(real):
            self._subfolder(real, path, rules, way)
        else:
            self._file(os.stat(real), path)

    def _stays(self, real: str) -> bool:
        """Whether the target of a link lies where nothing travels from: a link must not smuggle a secret out."""
        below = real[len(self.root) :].strip("/")
        parts = below.split("/") if below else []
        here = self.root
        for part in parts:
            if part in exclusions.RESULTS and exclusions.was_fetched(here):
                return True
            here = os.path.join(here, part)
            if exclusions.never_travels(part) or exclusions.is_made_here(here):
                return True
        return bool(parts) and parts[0] in exclusions.RESULTS

    def _unreadable(self, path: str, error: OSError) -> None:
        text = f"can't read {path or self.root}: {error.strerror}"
        self._problem("source-unreadable", text, "make it readable, or list it in .ferryignore", path or None)

    def _problem(
        self,
        rule: str,
        message: str,
        remedy: str,
        place: str | None = None,
        severity: str = "error",
        line: int | None = None,
    ) -> None:
        from trainferry.specs.finding import Finding, Severity  # noqa: PLC0415  (a clean source needs no pydantic)

        file = _printable(os.path.join(self.root, place)) if place else None
        self.problems.append(
            Finding(
                id=rule, severity=Severity(severity), message=_printable(message), file=file, line=line, remedy=remedy
            )
        )


def _printable(text: str) -> str:
    r"""The text with bytes that are no UTF-8 written as `\xff`."""
    return text.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
