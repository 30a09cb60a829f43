"""The node's disk: made, filled with the snapshot and the datasets."""

import os
import shutil
import stat
from pathlib import Path

from azureml_emulator.engine.node import kernel
from azureml_emulator.engine.node.assignment import Assignment, Copy


class NotPrepared(Exception):
    """A step of the preparation failed."""

    def __init__(self, step: str, error: OSError) -> None:
        super().__init__(f"can't {step}: {error.strerror or error}")
        self.errno = error.errno or 0


def prepare(assignment: Assignment) -> None:
    """Make everything ready for the processes; NotPrepared names the step that failed."""
    step = "make the node's disk"
    try:
        Path(assignment["disk"]).mkdir(parents=True, exist_ok=True)
        if assignment["disk_bytes"] is not None:
            kernel.mount_disk(assignment["disk"], assignment["disk_bytes"])
        for folder in (assignment["work"], *assignment["folders"]):
            Path(folder).mkdir(parents=True, exist_ok=True)
        for copy in assignment["copies"]:
            step = f"copy to {copy['target']}"
            _copy(copy)
        for bind in assignment["binds"]:
            step = f"mount at {bind['target']}"
            Path(bind["target"]).mkdir(parents=True, exist_ok=True)
            kernel.bind(bind["source"], bind["target"], writable=bind["writable"])
    except shutil.Error as error:
        first = error.args[0][0][2]
        raise NotPrepared(step, _as_os_error(str(first))) from error
    except OSError as error:
        raise NotPrepared(step, error) from error


def _as_os_error(text: str) -> OSError:
    """Copying a tree collects errors as text; the number is in it."""
    number = text.partition("[Errno ")[2].partition("]")[0]
    code = int(number) if number.isdigit() else 0
    return OSError(code, os.strerror(code) if code else text)


def _copy(copy: Copy) -> None:
    source, target = Path(copy["source"]), Path(copy["target"])
    shutil.copytree(source, target, dirs_exist_ok=True)
    if not copy["writable"]:
        for path in (target, *target.rglob("*")):
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222)
