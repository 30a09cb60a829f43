"""Finding the interpreter that Ray itself runs on: the `python3` of a node's PATH may be another one."""

from __future__ import annotations

import os
import shlex
import sys
from importlib.util import find_spec

_OPTION = b"--python_worker_command="
_MARK = "TRAINFERRY_REEXECUTED"


def become_that_of_ray() -> None:
    """Go on as Ray's interpreter if this one has no Ray; where it can't be found, go on as it is."""
    if find_spec("ray") is not None or _MARK in os.environ:
        return
    python = _worker_python()
    if python and python != sys.executable:
        os.environ[_MARK] = "1"
        os.execv(python, [python, "-I", "-X", "utf8", os.path.abspath(sys.argv[0]), *sys.argv[1:]])


def _worker_python() -> str:
    """The interpreter that the raylet above this process starts its workers with; empty if there is none to be seen."""
    process = os.getppid()
    while process > 1:
        try:
            with open(f"/proc/{process}/cmdline", "rb") as stream:
                words = stream.read().split(b"\0")
            with open(f"/proc/{process}/stat", "rb") as stream:
                process = int(stream.read().rpartition(b")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            return ""
        for word in words:
            if word.startswith(_OPTION):
                return _first_program(word[len(_OPTION) :].decode(errors="replace"))
    return ""


def _first_program(command: str) -> str:
    return next((word for word in shlex.split(command) if os.path.basename(word).startswith("python")), "")
