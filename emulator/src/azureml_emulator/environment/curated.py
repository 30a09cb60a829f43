"""Curated environments: a few of those that every workspace has, with what the emulator installs for them."""

from typing import Any

IMAGES = "mcr.microsoft.com/azureml"
_CURATED = {
    "AzureML-Minimal": ("3.10", []),
    "AzureML-sklearn-1.5": ("3.10", ["scikit-learn~=1.5.0", "pandas>=2.2,<3", "numpy<3"]),
    "AzureML-tensorflow-2.16-cuda12": ("3.10", ["tensorflow~=2.16.0"]),
    "AzureML-acpt-pytorch-2.2-cuda12.1": ("3.10", ["torch~=2.2.0"]),
}


def definitions() -> dict[str, dict[str, Any]]:
    """Definition of each curated environment by its name, in the form in which registered ones are kept."""
    return {name: _definition(name, python, packages) for name, (python, packages) in _CURATED.items()}


def _definition(name: str, python: str, packages: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "version": "1",
        "environmentVariables": {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE"},
        "python": {
            "userManagedDependencies": False,
            "interpreterPath": "python",
            "condaDependenciesFile": None,
            "baseCondaEnvironment": None,
            "condaDependencies": {
                "name": "project_environment",
                "channels": ["conda-forge"],
                "dependencies": [f"python={python}", {"pip": packages}],
            },
        },
        "docker": {
            "baseImage": f"{IMAGES}/curated/{name.removeprefix('AzureML-').lower()}:1",
            "platform": {"os": "Linux", "architecture": "amd64"},
            "baseDockerfile": None,
            "baseImageRegistry": {"address": None, "username": None, "password": None},
            "enabled": False,
            "arguments": [],
        },
        "spark": {"repositories": [], "packages": [], "precachePackages": True},
        "inferencingStackVersion": None,
        "r": None,
    }
