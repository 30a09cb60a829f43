"""The real azureml-core, in an environment of its own: its pins would hold back what everything else here needs."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from uv import find_uv_bin

from azureml_emulator import AzureMLEmulator
from azureml_emulator.places import cache_folder

REQUIREMENTS = Path(__file__).with_name("sdk-requirements.txt")
LIMIT = 280.0
"""Seconds that one script may take."""


def sdk_python() -> Path:
    """The interpreter of an environment with the SDK; built once for each list of requirements, and kept."""
    key = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = cache_folder() / f"test-sdk-{key}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            python = folder / "bin" / "python"
            # Some of its parts import pkg_resources, which newer setuptools lack.
            for command in (
                ["venv", "--quiet", "--python", sys.executable, str(folder)],
                ["pip", "install", "--quiet", "--python", str(python), "-r", str(REQUIREMENTS), "setuptools<81"],
            ):
                subprocess.run([find_uv_bin(), *command], check=True, cwd=REQUIREMENTS.parent, stdin=subprocess.DEVNULL)
            (folder / "complete").touch()
    finally:
        os.close(descriptor)
    return folder / "bin" / "python"


def run_sdk(azure: AzureMLEmulator, home: Path, script: Path, *arguments: object) -> str:
    """What a script with the SDK prints, its home folder and working folder being `home`; it must end well."""
    home.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    done = subprocess.run(
        [str(sdk_python()), "-W", "ignore", str(script), *map(str, arguments)],
        env={**kept, "HOME": str(home), **azure.environ()},
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )
    assert done.returncode == 0, f"{script.name}:\n{done.stdout}\n{done.stderr}"
    return done.stdout
