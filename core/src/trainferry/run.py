"""Run: the handle of one run, with the same verbs whatever the backend, from any process."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.errors import BackendError, CapabilityMissing
from trainferry.progress import Report, silent
from trainferry.recovery import require_ref
from trainferry.specs.run import RunRecord, RunState

if TYPE_CHECKING:
    from trainferry.backend import Backend
    from trainferry.ferry import Ferry
    from trainferry.results import FileEntry

_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 5.0
_LONGEST_LOG_PAUSE = 2.0
"""Seconds; whoever follows a log looks at it, and a line should be seen within three."""


class Run:
    """One run. `record` is what is known of it; `refresh` asks the backend again."""

    def __init__(self, ferry: "Ferry", record: RunRecord) -> None:
        self._ferry = ferry
        self.record = record

    def __repr__(self) -> str:
        return f"<Run {self.id} on {self.record.backend}: {self.state}>"

    @property
    def id(self) -> str:
        """Our id of the run."""
        return self.record.id

    @property
    def state(self) -> RunState:
        """Where the run stood when last asked."""
        return self.record.state

    @property
    def _backend(self) -> "Backend":
        return self._ferry.backend(self.record.backend)

    def refresh(self) -> "Run":
        """Ask the backend how the run stands; returns itself."""
        (self.record,) = self._ferry.refresh([self.record])
        return self

    def wait(self, timeout: float | None = None) -> "Run":
        """Return when the run has ended; TimeoutError if that takes more than `timeout` seconds."""
        pace = _Pace(timeout)
        while not self.refresh().state.final:
            pace.pause(f"the run {self.id} is still {self.state}")
        return self

    def follow(self, cursor: str | None = None, timeout: float | None = None) -> Iterator[str]:
        """Pieces of the log as they come, until the run has ended and all is read; then `record` is up to date."""
        pace = _Pace(timeout, _LONGEST_LOG_PAUSE)
        while True:
            chunk = self._backend.read_log(require_ref(self.record), cursor)
            cursor = chunk.cursor
            if chunk.text:
                yield chunk.text
                pace.restart()
            elif not chunk.finished:
                pace.pause(f"the run {self.id} is still {self.state}")
            if chunk.finished:
                break
            if not chunk.text:
                self.refresh()
        self.wait(timeout)

    def log(self) -> str:
        """All that has been logged so far."""
        return self.read_log()[0]

    def read_log(self) -> tuple[str, str | None]:
        """All that has been logged so far, and the cursor from which `follow` goes on."""
        pieces: list[str] = []
        cursor: str | None = None
        while True:
            chunk = self._backend.read_log(require_ref(self.record), cursor)
            pieces.append(chunk.text)
            cursor = chunk.cursor
            if chunk.finished or not chunk.text:
                return "".join(pieces), cursor

    def cancel(self) -> "Run":
        """End every process of the run and return when that is done; a run that has ended stays as it is."""
        if not self.refresh().state.final:
            self._backend.cancel(require_ref(self.record))
        return self.refresh()

    def files(self) -> "Sequence[FileEntry]":
        """What the run has written below `outputs/` and `logs/` so far."""
        return self._backend.list_files(require_ref(self.record))

    def fetch(self, destination: Path, files: Sequence[str] | None = None, report: Report = silent) -> list[Path]:
        """Bring files of the run (all of them if `files` is left out) to a folder; returns where they are now.

        The folder is marked, so that what was fetched doesn't travel with a job whose source folder it lies in.
        """
        ref = require_ref(self.record)
        wanted = [entry.path for entry in self._backend.list_files(ref)] if files is None else list(files)
        if not wanted:
            return []
        from trainferry.snapshot import mark_fetched  # noqa: PLC0415  (following a run needs none of it)

        mark_fetched(str(destination))
        return list(self._backend.fetch(ref, wanted, destination, report))

    def bring_home(self, report: Report = silent) -> dict[str, Path]:
        """Where each file of the run is on this machine: where it lies already, or fetched into the user's state.

        None of them if the backend can't tell which files a run has written.
        """
        try:
            entries = self.files()
        except CapabilityMissing:
            return {}
        homes = {entry.path: entry.local for entry in entries if entry.local is not None}
        away = [entry.path for entry in entries if entry.local is None]
        if away:
            folder = self._ferry.site.home / "files" / self.id
            homes.update(zip(away, self.fetch(folder, away, report), strict=True))
        return homes

    def metrics(self) -> list[Mapping[str, float]]:
        """What the run logged, one mapping for each step: from the backend, else from the job's metrics file."""
        with suppress(CapabilityMissing):
            logged = list(self._backend.metrics(require_ref(self.record)))
            if logged or self.record.job.metrics is None:
                return logged
        return self._metrics_from_file()

    def _metrics_from_file(self) -> list[Mapping[str, float]]:
        from trainferry.metrics import read_metrics  # noqa: PLC0415

        name = self.record.job.metrics
        if name is None:
            raise BackendError(
                f"the job of {self.id} names no metrics file", remedy="add metrics: outputs/history.csv to the job file"
            )
        going = not self.state.final
        entry = next((entry for entry in self.files() if entry.path == name), None)
        if entry is None:
            raise BackendError(
                f"the run {self.id} has not written {name}", remedy=f"look at its log: ferry logs {self.id}"
            )
        if entry.local is None:
            (home,) = self.fetch(self._ferry.site.home / "files" / self.id, [name])
            return list(read_metrics(home, going=going))
        return list(read_metrics(entry.local, going=going))

    def portal_url(self) -> str | None:
        """The web page on which the target shows the run, where there is one."""
        try:
            return self._backend.portal_url(require_ref(self.record))
        except CapabilityMissing:
            return None


class _Pace:
    """How long to wait between two questions: a twentieth of the time gone by, and never less than the question took.

    A short run is noticed within milliseconds, a long one costs a question every few seconds, and a slow service is
    asked less often than a fast one, without a figure for each backend.
    """

    def __init__(self, timeout: float | None, longest: float = _LONGEST_PAUSE) -> None:
        self._longest = longest
        self._begun = self._asked = time.monotonic()
        self._deadline = None if timeout is None else self._begun + timeout

    def restart(self) -> None:
        """Something came: look again soon."""
        self._begun = self._asked = time.monotonic()

    def pause(self, complaint: str) -> None:
        """Wait until it is time to ask again; TimeoutError with the complaint if the deadline has passed."""
        now = time.monotonic()
        if self._deadline is not None and now >= self._deadline:
            raise TimeoutError(complaint)
        pause = min(max(_FIRST_PAUSE, (now - self._begun) / 20, now - self._asked), self._longest)
        time.sleep(pause if self._deadline is None else min(pause, self._deadline - now))
        self._asked = time.monotonic()
