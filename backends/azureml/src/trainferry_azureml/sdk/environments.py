"""Environments registered through azureml-core. Functions here are to be called inside an act."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azureml.core import Environment


def register(workspace: Any, definition: dict[str, Any]) -> str:
    """Register a definition; returns the version that the workspace gave it. The same content keeps its version."""
    version: str = environment_of(definition).register(workspace).version
    return str(version)


def environment_of(definition: Mapping[str, Any]) -> Any:
    """The SDK's object of a definition, without anything that the SDK puts into a new one by itself."""
    name, conda = definition["name"], definition["conda"]
    if conda:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "conda.yml"
            file.write_text(json.dumps(conda), encoding="utf-8")  # JSON is YAML too
            environment = Environment.from_conda_specification(name, str(file))
    else:
        environment = Environment(name)
        environment.python.conda_dependencies = None
        environment.python.user_managed_dependencies = True
    environment.environment_variables = {}
    if definition["dockerfile"]:
        environment.docker.base_dockerfile = definition["dockerfile"]
        environment.docker.base_image = None
    else:
        environment.docker.base_image = definition["image"]
    return environment
