"""The names of a run's logs, old and new, and the folders of a node."""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from azureml_emulator.engine.contract import LogLayout

BUILD_LOG = "azureml-logs/20_image_build_log.txt"
"""In both layouts."""


@dataclass(frozen=True, slots=True)
class LogNames:
    """How the logs of one run are called."""

    layout: LogLayout
    node: str
    """Id of the run's first node, which old names contain."""

    def script(self, role: str, index: int, *, alone: bool) -> str:
        """The log of one process; `role` is `process`, or `worker` or `ps` of TensorFlow, counted from 0 each."""
        if self.layout is LogLayout.OLD:
            part = "" if alone else f"_{index}" if role == "process" else f"_{role}_{index}"
            return f"azureml-logs/70_driver_log{part}.txt"
        if alone:
            return "user_logs/std_log.txt"
        return f"user_logs/std_log_process_{index}{'_ps' if role == 'ps' else ''}.txt"

    @property
    def preparation(self) -> str:
        """What happens on the nodes before the script starts."""
        if self.layout is LogLayout.OLD:
            return f"azureml-logs/65_job_prep-{self.node}.txt"
        return "system_logs/data_capability/data-capability.log"

    @property
    def execution(self) -> str:
        """What the engine does around the script."""
        if self.layout is LogLayout.OLD:
            return f"azureml-logs/55_azureml-execution-{self.node}.txt"
        return "system_logs/lifecycler/execution-wrapper.log"

    @property
    def clean_up(self) -> str:
        """What goes wrong after the script.

        Its old name comes last, and of logs that appear together the SDK shows the last one only: so there is none if
        there is nothing to say.
        """
        if self.layout is LogLayout.OLD:
            return f"azureml-logs/75_job_post-{self.node}.txt"
        return "system_logs/lifecycler/lifecycler.log"


@dataclass(frozen=True, slots=True)
class NodeFolders:
    """Where things are on a node's disk; as on the cloud's nodes, but below the emulator's own folder."""

    top: Path
    run_id: str

    @property
    def disk(self) -> Path:
        """All that the script may write to."""
        return self.top / "mnt"

    @property
    def _job(self) -> Path:
        return self.disk / "azureml" / "cr" / "j" / self.run_id

    @property
    def work(self) -> Path:
        """The working folder: the snapshot, `outputs/` and `logs/`."""
        return self._job / "exe" / "wd"

    @property
    def inputs(self) -> Path:
        """Where datasets are, each in a folder of its own."""
        return self._job / "cap" / "data-capability" / "wd"

    @property
    def home(self) -> Path:
        """The script's home folder, empty at first."""
        return self.disk / "home"

    @property
    def scratch(self) -> Path:
        """Temporary files, on the node's disk."""
        return self.disk / "tmp"

    @property
    def temporary(self) -> Path:
        """Where the script finds `scratch`: a short name, because that of a socket may have 107 bytes at most."""
        return temporary_of(self.top)


def temporary_of(node: Path) -> Path:
    """The short name of the temporary files of a node with that folder; always the same for the same node."""
    name = hashlib.sha256(os.fsencode(node)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"azureml-{name}"


def make_temporary(node: Path) -> None:
    """Make that folder, for this user alone. OSError if somebody else has something there."""
    path = temporary_of(node)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:  # left by an emulator that was killed
        status = path.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            raise
