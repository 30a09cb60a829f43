"""Reading an environment as azureml-core registers it: what is to be installed, and what of it can't be done here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_PYTHON = re.compile(r"^python\s*[=><~!]*=?\s*(\d+\.\d+)?")
_PUBLIC_INDEX = re.compile(
    r"^--(?:(?:extra-)?index-url|find-links)[ =]+https?://(?:pypi\.python\.org|pypi\.org)/simple/?(?:index\.html)?$"
)
"""What uv asks anyway, or a mirror of it. `CondaDependencies.create` writes such lines into each environment."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What matters of an environment."""

    python: str
    """Such as `3.10`; empty if it names none."""
    requirements: tuple[str, ...]
    """Lines of a requirements file."""
    variables: dict[str, str]
    notes: tuple[str, ...]
    """What was asked for and isn't done here, in whole sentences."""


def read_definition(environment: dict[str, Any]) -> Definition:
    """Read a definition; raises ValueError that says what is wrong with it."""
    python = _table(environment, "python")
    conda = _table(python, "condaDependencies")
    notes: list[str] = []
    version, packages, pip = "", [], []
    for item in _items(conda.get("dependencies"), "python.condaDependencies.dependencies"):
        match item:
            case str() if (found := _PYTHON.match(item)) and not item.startswith("python-"):
                version = found[1] or ""
            case str() if item != "pip" and not item.startswith("pip="):
                packages.append(item)
            case {"pip": lines}:
                pip += [str(line).strip() for line in _items(lines, "the pip part of the dependencies")]
    if python.get("userManagedDependencies"):
        notes.append("The packages are managed by the image, which isn't run here: only those under pip are installed.")
    requirements = [line for line in pip if line and not _PUBLIC_INDEX.match(line)]
    notes += [f"Not needed here, it is asked anyway: {line}" for line in pip if _PUBLIC_INDEX.match(line)]
    if packages:
        notes.append(f"Conda packages are recorded, not installed: {', '.join(packages)}")
    notes += _image_notes(_table(environment, "docker"))
    variables = _table(environment, "environmentVariables")
    return Definition(version, tuple(requirements), {key: str(value) for key, value in variables.items()}, tuple(notes))


def _image_notes(docker: dict[str, Any]) -> Iterator[str]:
    if docker.get("baseDockerfile"):
        yield "The Dockerfile is recorded, not built."
    if docker.get("baseImage"):
        yield f"The base image is recorded, not run: {docker['baseImage']}"


def _table(parent: dict[str, Any], key: str) -> dict[str, Any]:
    value = parent.get(key) or {}
    if not isinstance(value, dict):
        raise ValueError(f"the environment's {key} is not a table")
    return value


def _items(value: Any, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError(f"{where} is not a list")
    return value
