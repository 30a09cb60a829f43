"""Images: environments built by uv, one for each content, kept in a cache that several emulators may share."""

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import platform
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uv import find_uv_bin

from azureml_emulator.engine.agents import Agent, assignment
from azureml_emulator.engine.contract import Image, ImageState
from azureml_emulator.engine.definition import Definition, read_definition
from azureml_emulator.engine.faults import Faults
from azureml_emulator.engine.interpreters import interpreter

_LOGGER = logging.getLogger(__name__)

_COMPLETE = "emulator-complete"
"""File in an image that says it is whole; written last."""

_KEPT = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "TMPDIR")
"""Variables that uv gets; and those that are its own, among them the user's index, and proxies in lower case."""

_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class _Plan:
    """One image: where it goes and what goes in."""

    definition: Definition
    key: str
    folder: Path
    base: Path
    notes: tuple[str, ...]

    @property
    def log(self) -> Path:
        return self.folder.with_name(f"{self.key}.log")

    @property
    def complete(self) -> bool:
        return (self.folder / _COMPLETE).exists()


class Build:
    """One build on its way; several runs may wait for the same."""

    def __init__(self, plan: _Plan, faults: Faults) -> None:
        self.needed = not plan.complete
        """Whether the image was not there when it was asked for: then its log is news."""
        self.image = Image(key=plan.key, state=ImageState.BUILDING, log=plan.log)
        self._plan = plan
        self._faults = faults
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"build {plan.key[:8]}", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether `image` is final."""
        return not self._thread.is_alive()

    def wait(self) -> Image:
        """The image, ready or failed."""
        self._thread.join()
        return self.image

    def stop(self) -> None:
        """End it; the image will be failed."""
        self._stopped.set()

    def _run(self) -> None:
        try:
            reason = self._build()
        except Exception as error:
            _LOGGER.exception("the image %s can't be built", self._plan.key)
            reason = f"{type(error).__name__}: {error}"
            with contextlib.suppress(OSError), self._plan.log.open("a", encoding="utf-8") as log:
                log.write(f"{reason}\n")
        state = ImageState.FAILED if reason else ImageState.READY
        self.image = self.image.model_copy(update={"state": state, "reason": reason})

    def _build(self) -> str:
        plan = self._plan
        plan.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(plan.folder.with_name(f"{plan.key}.lock")):
            failure = self._faults.take_build_failure(plan.key)
            if plan.complete and failure is None:
                return ""
            with plan.log.open("w", encoding="utf-8") as log:
                log.write("".join(f"{line}\n" for line in (f"Building image {plan.key}", *plan.notes)))
                if failure is not None:
                    log.write(f"{failure}\n")
            if failure is not None:
                return failure
            shutil.rmtree(plan.folder, ignore_errors=True)  # half an image, left by a build that was interrupted
            return self._install()

    def _install(self) -> str:
        plan = self._plan
        reason = self._uv("venv", "--no-project", "--python", str(plan.base), str(plan.folder))
        if not reason and plan.definition.requirements:
            wanted = plan.folder / "requirements.txt"
            wanted.write_text("".join(f"{line}\n" for line in plan.definition.requirements), encoding="utf-8")
            python = str(plan.folder / "bin" / "python")
            reason = self._uv("pip", "install", "--python", python, "--requirements", str(wanted))
        if not reason:
            with plan.log.open("a", encoding="utf-8") as log:
                log.write("Image is ready\n")
            (plan.folder / _COMPLETE).touch()
        return reason

    def _uv(self, *arguments: str) -> str:
        """Run uv, which ends with this process; returns the reason if it failed."""
        said = self._plan.log.stat().st_size
        scratch = self._plan.folder.with_name(f"{self._plan.key}.build")
        command = [find_uv_bin(), "--no-progress", "--color", "never", *arguments]
        with self._plan.log.open("a", encoding="utf-8") as log:
            log.write(f"$ uv {' '.join(arguments)}\n")
        task = assignment(
            scratch,
            [{"command": command, "variables": _variables(), "log": str(self._plan.log)}],
            disk=scratch,
            work=scratch,
        )
        agent = Agent(scratch, task)
        try:
            status = agent.status()
            while not self._stopped.is_set() and status["phase"] != "ended" and "0" not in status["codes"]:
                time.sleep(_PAUSE)
                status = agent.status()
            agent.end()
            agent.wait()
        finally:
            agent.close()
            shutil.rmtree(scratch, ignore_errors=True)
        if status["codes"].get("0") == 0:
            return ""
        if self._stopped.is_set():
            return "the emulator was stopped while the image was built"
        with self._plan.log.open("rb") as log_bytes:
            log_bytes.seek(said)
            return status["error"] or _reason(log_bytes.read().decode(errors="replace"))


class Images:
    """All images of this machine, and the builds that this process has on its way."""

    def __init__(self, cache: Path, faults: Faults) -> None:
        self._folder = cache / "images"
        self._faults = faults
        self._lock = threading.Lock()
        self._builds: dict[str, Build] = {}

    def python(self, image: Image) -> Path:
        """The interpreter of an image that is ready."""
        return self._folder / image.key / "bin" / "python"

    def find(self, environment: dict[str, Any]) -> Image:
        """How the image of an environment stands. ValueError if the definition makes no sense."""
        plan = self._plan(environment)
        build = self._builds.get(plan.key)
        if build is not None and (not build.done or build.image.state is ImageState.FAILED):
            return build.image
        state = ImageState.READY if plan.complete else ImageState.ABSENT
        return Image(key=plan.key, state=state, log=plan.log)

    def request(self, environment: dict[str, Any]) -> Build:
        """Have an image built, unless it is ready or on its way; returns at once. ValueError as in `find`."""
        plan = self._plan(environment)
        with self._lock:
            build = self._builds.get(plan.key)
            if build is None or build.done:
                build = self._builds[plan.key] = Build(plan, self._faults)
            return build

    def build(self, environment: dict[str, Any]) -> Image:
        """Build an image unless it is ready; returns it ready or failed. ValueError as in `find`."""
        return self.request(environment).wait()

    def close(self) -> None:
        """End the builds that are on their way."""
        with self._lock:
            builds = list(self._builds.values())
        for build in builds:
            build.stop()
        for build in builds:
            build.wait()

    def _plan(self, environment: dict[str, Any]) -> _Plan:
        definition = read_definition(environment)
        base, note = interpreter(definition.python)
        content = [str(base), platform.machine(), *definition.requirements]
        key = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]
        notes = (*definition.notes, note) if note else definition.notes
        return _Plan(definition, key, self._folder / key, base, notes)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _variables() -> dict[str, str]:
    wanted = {*_KEPT, *(name.lower() for name in _KEPT)}
    return {name: value for name, value in os.environ.items() if name in wanted or name.startswith("UV_")}


def _reason(said: str) -> str:
    """The message of uv without its drawing; a few lines at most."""
    lines = [line.strip().lstrip("×╰─▶├│→ ").strip() for line in said.splitlines()[1:]]
    good = [line for line in lines if line and not line.startswith(("Using ", "Resolved ", "Prepared ", "warning"))]
    return " ".join(good[:12])[:1500] or "uv said nothing"
