"""Which Python of this machine an environment gets."""

import platform
import subprocess
import sys
from functools import cache
from pathlib import Path

from uv import find_uv_bin


@cache
def interpreter(version: str) -> tuple[Path, str]:
    """An interpreter of that version (`3.10`; empty: any), and a note, if another one had to take its place."""
    mine = Path(getattr(sys, "_base_executable", "") or sys.executable)
    own = platform.python_version()
    if not version or own.startswith(f"{version}."):
        return mine, ""
    found = subprocess.run(
        [find_uv_bin(), "python", "find", "--no-project", "--no-python-downloads", version],
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 0:
        return Path(found.stdout.strip()), ""
    return mine, f"Python {version} isn't on this machine; Python {own} takes its place."
