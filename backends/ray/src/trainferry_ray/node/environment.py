"""The script's Python: one virtual environment for each content, built by uv on the node that needs it, and kept."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import sys
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

_COMPLETE = "trainferry-complete"
"""File that says an environment is whole, and holds its name; written last."""


class BuildFailed(Exception):
    """An environment can't be built; the text says why."""


def folder_of(storage: Path, spec: dict[str, Any]) -> Path:
    """Where the environment of a spec lies on this node."""
    return storage / "environments" / f"{spec['key']}-{platform.machine()}"


def is_built(storage: Path, spec: dict[str, Any]) -> bool:
    """Whether it is there, whole."""
    return (folder_of(storage, spec) / _COMPLETE).exists()


def build(storage: Path, spec: dict[str, Any], requirements: Path, say: Callable[[str], object]) -> Path:
    """The interpreter of the environment, built unless it is there; BuildFailed with uv's reason.

    Of many that ask at once, one builds and the others wait. `requirements` holds packages that travelled as files.
    """
    folder = folder_of(storage, spec)
    python = folder / "bin" / "python"
    if is_built(storage, spec):
        return python
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock(folder.with_name(f"{folder.name}.lock")):
        if not is_built(storage, spec):
            say(f"building the environment {spec['name']} with Python {spec['version']}")
            shutil.rmtree(folder, ignore_errors=True)  # half of one, if a build was interrupted
            packages = [str(requirements / name) if is_file else name for name, is_file in spec["packages"]]
            uv = _uv(storage, say)
            _run(uv, "venv", "--python", _interpreter(spec["version"]), str(folder))
            if packages:
                _run(uv, "pip", "install", "--python", str(python), "--", *packages)
            (folder / _COMPLETE).write_text(spec["name"], encoding="utf-8")
            say(f"the environment {spec['name']} is ready")
    return python


def remove(storage: Path, name: str) -> None:
    """Delete the environments of that name; a run that uses one will fail."""
    for mark in (storage / "environments").glob(f"*/{_COMPLETE}"):
        if mark.read_text(encoding="utf-8") == name:
            mark.unlink()  # first: so that what a killed removal leaves counts as half an environment
            shutil.rmtree(mark.parent)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w", encoding="ascii") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _interpreter(version: str) -> str:
    """Ray's own base interpreter if its version fits, which needs no search and no download; else uv looks for one."""
    mine = platform.python_version()
    if mine == version or mine.startswith(f"{version}."):
        return str(getattr(sys, "_base_executable", "") or sys.executable)
    return version


def _uv(storage: Path, say: Callable[[str], object]) -> str:
    """The uv of Ray's own environment or of the PATH; else one that pip puts into the storage, once."""
    beside = os.path.join(os.path.dirname(sys.executable), "uv")
    tools = storage / "tools"
    found = next(
        (uv for uv in (beside, shutil.which("uv"), str(tools / "bin" / "uv")) if uv and os.path.exists(uv)), ""
    )
    if found:
        return found
    with _lock(storage / "tools.lock"):
        if not (tools / "bin" / "uv").exists():
            say("installing uv on this node, once")
            _run(sys.executable, "-m", "venv", str(tools))
            _run(str(tools / "bin" / "python"), "-m", "pip", "install", "--quiet", "uv>=0.9,<1")
    return str(tools / "bin" / "uv")


def _run(program: str, *arguments: str) -> None:
    if os.path.basename(program) == "uv":
        arguments = ("--no-progress", "--color", "never", *arguments)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        [program, *arguments],
        cwd="/",  # its own folder may hold a project whose settings uv would take for this environment
        env=kept,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        lines = [line.strip().lstrip("×╰─▶├│→ ").strip() for line in done.stderr.splitlines()]
        words = " ".join([line for line in lines if line and not line.startswith(("Using ", "Resolved "))][:8])
        raise BuildFailed(words[:800] or f"{os.path.basename(program)} ended with {done.returncode} and said nothing")
