"""Where the backend keeps what: names of files and folders, and nothing else.

Below the backend's home: `runs/<run id>/` for each run, `queue/` with an entry for each run that waits, `slots/` with a
lock for each run that may go at the same time.
"""

from __future__ import annotations

import os


class Run:
    """The files of one run. Making one touches nothing."""

    __slots__ = ("folder", "home", "id")

    def __init__(self, home: str, run_id: str) -> None:
        self.home = home
        self.id = run_id
        self.folder = os.path.join(home, "runs", run_id)

    def _at(self, name: str) -> str:
        return os.path.join(self.folder, name)

    @property
    def work(self) -> str:
        """The snapshot; the script's working folder, with its outputs/ and logs/."""
        return self._at("work")

    @property
    def inputs(self) -> str:
        """Where the datasets are while the script runs."""
        return self._at("inputs")

    @property
    def log(self) -> str:
        """All that the script prints, in order."""
        return self._at("log")

    @property
    def state(self) -> str:
        """How the run stands; replaced as a whole."""
        return self._at("state")

    @property
    def reserve(self) -> str:
        """A few bytes given back when the disk is full, so that the end of the run can be noted all the same."""
        return self._at("reserve")

    @property
    def request(self) -> str:
        """What is to be run; written once. A folder without it is no run."""
        return self._at("request")

    @property
    def variables(self) -> str:
        """The script's environment variables, which may be secret; deleted when the script starts."""
        return self._at("variables")

    @property
    def lock(self) -> str:
        """Held (flock) by whoever decides on the run: its supervisor, for as long as that lives."""
        return self._at("lock")

    @property
    def control(self) -> str:
        """A named pipe; a byte in it wakes the supervisor to look for `cancel`."""
        return self._at("control")

    @property
    def cancel(self) -> str:
        """There when somebody asked for the run to be canceled."""
        return self._at("cancel")


def queue(home: str) -> str:
    """Folder with an empty file for each waiting run; sorted by name, they are in the order of submission."""
    return os.path.join(home, "queue")


def slot(home: str, number: int) -> str:
    """Lock file of a slot; held (flock) by the supervisor that uses it."""
    return os.path.join(home, "slots", f"{number}.lock")


def entry_name(queued_at: int, run_id: str) -> str:
    """Name of a run's entry in the queue; `queued_at` is in nanoseconds since the epoch."""
    return f"{queued_at:020d}-{run_id}"


def run_of_entry(home: str, entry: str) -> Run:
    """The run that an entry of the queue stands for."""
    return Run(home, entry.partition("-")[2])
