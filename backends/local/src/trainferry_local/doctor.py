"""What this machine lacks to run jobs well; tried, not guessed."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from trainferry.specs.finding import Finding, Severity
from trainferry_local.isolation import try_it
from trainferry_local.settings import LocalSettings

_LITTLE_ROOM = 1 << 30
"""Bytes; an environment with TensorFlow takes more than this."""


def diagnose(home: Path, settings: LocalSettings) -> Iterator[Finding]:
    """Findings on the system, uv, the home folder and its disk."""
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        yield _finding("linux-only", "error", "the local backend needs Linux 5.3 or newer", "run on Linux, or in WSL 2")
    elif settings.isolation != "off" and (obstacle := try_it()):
        severity = "error" if settings.isolation == "require" else "warning"
        text = f"no isolation: {obstacle}; the script sees the whole disk, and mounted datasets are read-only copies"
        yield _finding("isolation-missing", severity, text, "allow unprivileged user namespaces")
    yield from _uv()
    yield from _disk(home)


def _uv() -> Iterator[Finding]:
    from uv import find_uv_bin

    try:
        find_uv_bin()
    except FileNotFoundError as error:
        text = f"uv, which builds environments, is not where its package should have put it: {error}"
        yield _finding("uv-missing", "error", text, "pip install --force-reinstall uv")


def _disk(home: Path) -> Iterator[Finding]:
    folder = home
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK | os.X_OK):
        yield _finding(
            "home-read-only", "error", f"can't write to {folder}", "set TRAINFERRY_HOME to a folder of yours"
        )
        return
    free = shutil.disk_usage(folder).free
    if free < _LITTLE_ROOM:
        text = f"{free / 1e6:.0f} MB are free on the disk of {folder}"
        yield _finding("little-room", "warning", text, "free some space, or set TRAINFERRY_HOME to another disk")


def _finding(rule: str, severity: str, message: str, remedy: str) -> Finding:
    return Finding(id=rule, severity=Severity(severity), message=message, remedy=remedy)
