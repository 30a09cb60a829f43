"""Python environments, built by uv and kept in the user's cache: one for each content, shared by all runs."""

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from trainferry.errors import BackendError
from trainferry.progress import Progress, Report
from trainferry.resolving.requirements import absolute
from trainferry.specs.environment import EnvironmentSpec

_COMPLETE = "trainferry-complete"
"""File in an environment that says it is whole; written last. Without it, a build was interrupted."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment in the cache. `name` is for people; `key` is decided by what gets installed."""

    name: str
    key: str
    folder: Path
    version: str
    """What uv is asked for: a Python version, or the path of an interpreter."""
    packages: tuple[str, ...]

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def complete(self) -> bool:
        """Whether it is there, whole."""
        return (self.folder / _COMPLETE).exists()

    @property
    def log(self) -> Path:
        """What uv said when it was built."""
        return self.folder.with_name(f"{self.folder.name}.log")

    @property
    def homes(self) -> list[Path]:
        """Folders that it needs at run time: its own, and that of the interpreter it was made from."""
        base = self.python.resolve().parent
        return [self.folder.resolve(), base.parent if base.name == "bin" else base]


def environment_of(spec: EnvironmentSpec, cache: Path, job_folder: Path) -> Environment:
    """The environment that a spec asks for, built or not. Its identity is packages, Python and platform."""
    packages = tuple(absolute(item, job_folder) for item in spec.pip)
    version = spec.python or f"{sys.version_info.major}.{sys.version_info.minor}"
    content = [version, sys.platform, platform.machine(), *(_identity(item) for item in packages)]
    key = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]
    folder = cache / "environments" / f"{key}-py{version}-{platform.machine()}"
    return Environment(spec.name or key[:8], key, folder, version, packages)


def _identity(requirement: str) -> list[str | int]:
    """A requirement, and for a local file what tells one state of it from the next."""
    path = Path(requirement.partition("file://")[2] or requirement)
    if not path.is_absolute() or not path.exists():
        return [requirement]
    status = path.stat()
    return [requirement, status.st_size, status.st_mtime_ns]


def build(environment: Environment, report: Report) -> None:
    """Build an environment unless it is there. Many may ask at once, in any process: one builds, the others wait.

    Raises BackendError with uv's reason; all that uv said stays in the environment's log file.
    """
    if environment.complete:
        return
    environment.folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock(environment, report):
        if not environment.complete:
            _build(environment, report)


@contextmanager
def _lock(environment: Environment, report: Report) -> Iterator[None]:
    with environment.folder.with_name(f"{environment.folder.name}.lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(Progress(f"waiting for another process that builds the environment {environment.name}"))
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _build(environment: Environment, report: Report) -> None:
    report(Progress(f"building the environment {environment.name}", 0, 2, "step"))
    environment.log.unlink(missing_ok=True)
    if environment.folder.exists():
        shutil.rmtree(environment.folder)  # half an environment, left by a build that was interrupted
    _uv(environment, "venv", "--python", _interpreter(environment.version), str(environment.folder))
    count = len(environment.packages)
    report(Progress(f"installing {count} package{'' if count == 1 else 's'} into {environment.name}", 1, 2, "step"))
    if environment.packages:
        _uv(environment, "pip", "install", "--python", str(environment.python), "--", *environment.packages)
    (environment.folder / _COMPLETE).touch()
    report(Progress(f"the environment {environment.name} is ready", 2, 2, "step"))


def _interpreter(version: str) -> str:
    """This interpreter's own base if its version fits, which needs no search and no download; else uv looks for one."""
    mine = platform.python_version()
    if mine == version or mine.startswith(f"{version}."):
        return str(getattr(sys, "_base_executable", "") or sys.executable)
    return version


def _uv(environment: Environment, *arguments: str) -> None:
    from uv import find_uv_bin  # noqa: PLC0415  (only a build needs it)

    # Its folder holds no project whose settings uv would take for this environment; the user's own settings count.
    done = subprocess.run(
        [find_uv_bin(), "--no-progress", "--color", "never", *arguments],
        cwd=environment.folder.parent,
        env={key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"}},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    with environment.log.open("a", encoding="utf-8") as stream:
        stream.write(f"$ uv {' '.join(arguments)}\n{done.stdout}{done.stderr}")
    if done.returncode != 0:
        raise BackendError(
            f"the environment {environment.name} can't be built: {_reason(done.stderr)}",
            remedy=f"correct the environment in the job file; all that uv said is in {environment.log}",
        )


def _reason(said: str) -> str:
    """What uv gave as the reason: its message without the drawing, a few lines at most."""
    lines = [line.strip().lstrip("×╰─▶├│→ ").strip() for line in said.splitlines()]
    lines = [
        line for line in lines if line and not line.startswith(("Using ", "Resolved ", "Prepared ", "Downloaded "))
    ]
    return " ".join(lines[:8])[:800] or "uv said nothing"
