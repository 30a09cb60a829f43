"""Asking uv what an environment would hold."""

import os
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainferry.resolving.resolution import Package

_PATIENCE = 90.0
"""Seconds that uv may take; a cold resolve of TensorFlow takes a few."""

_SILENT = (
    "error sending request",
    "Request failed after",
    "client error (Connect)",
    "dns error",
    "network was disabled",
    "timed out",
    "HTTP status server error",
    "certificate",
    "Could not resolve host",
    "Failed to connect",
    "Connection refused",
    "Connection reset",
    "Network is unreachable",
)
"""What uv says, or the git that it starts, when the index or a repository can't be reached: nothing is known then."""


@dataclass(frozen=True, slots=True)
class Question:
    """What uv is asked: requirements, and for which Python and platform (None: this machine's)."""

    requirements: tuple[str, ...]
    python: str
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What uv said: the packages, or why there are none."""

    packages: tuple[Package, ...] = ()
    complaint: str = ""
    """uv's reason in its own words, one line for each step of it; empty if the environment resolves."""
    reached: bool = True
    """False if the index could not be asked."""


def ask(question: Question, folder: Path, *, offline: bool = False) -> Answer:
    """Resolve; `folder` is one without settings of a project, so that only the user's own settings of uv count."""
    from uv import find_uv_bin  # noqa: PLC0415  (only who resolves needs it)

    folder.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            [find_uv_bin(), *_arguments(question, offline=offline)],
            cwd=folder,
            env=_variables(),
            input="\n".join(question.requirements),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except FileNotFoundError:
        return Answer(complaint="uv is not installed", reached=False)
    except subprocess.TimeoutExpired:
        return Answer(complaint=f"uv gave no answer within {_PATIENCE:g} s", reached=False)
    if done.returncode == 0:
        return Answer(packages=tuple(_package(data) for data in tomllib.loads(done.stdout).get("packages", ())))
    complaint = _reason(done.stderr)
    return Answer(complaint=complaint, reached=not any(word in complaint for word in _SILENT))


def _arguments(question: Question, *, offline: bool) -> list[str]:
    options = ["pip", "compile", "-", "--format", "pylock.toml", "--no-header", "--quiet"]
    options += ["--no-progress", "--color", "never", "--no-python-downloads"]
    options += ["--python-version", question.python]
    if question.platform is not None:
        options += ["--python-platform", question.platform]
    return [*options, "--offline"] if offline else options


def _variables() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"}}
    return {"UV_HTTP_RETRIES": "1", **kept}  # without a network the answer comes at once


def _package(data: dict[str, Any]) -> Package:
    wheels: list[dict[str, Any]] = data.get("wheels", [])
    elsewhere = any(key in data for key in ("vcs", "directory", "archive"))
    sizes = [file.get("size") for file in (*wheels[:1], *([data["sdist"]] if "sdist" in data else []))]
    return Package(
        data["name"], data.get("version", ""), source_only=not wheels and not elsewhere, bytes=next(iter(sizes), None)
    )


def _reason(said: str) -> str:
    """The error of uv without its warnings and drawing: the first line says what, the following ones why."""
    lines: list[str] = []
    inside = False
    for line in said.splitlines():
        text = line.strip().lstrip("×╰─▶├│→ ").strip()
        if line.startswith("warning:"):
            inside = False
        elif line.startswith(("error:", "  ×", "hint:", "×")):
            inside = True
        if inside and text:
            lines.append(text.removeprefix("error:").removeprefix("cause:").strip())
    return "\n".join(lines) or "uv said nothing"
