"""Runs as a client sees them."""

from datetime import timedelta
from typing import Any

from azureml_emulator.aad.tokens import make
from azureml_emulator.artifact import models as artifacts
from azureml_emulator.history.models import FINAL
from azureml_emulator.server.cloud import Cloud

_INNER = frozenset({"experimentName", "runDefinition", "inputDatasets", "outputDatasets"})
LOG_FOLDERS = ("azureml-logs", "user_logs", "system_logs", "logs/azureml")


def run(cloud: Cloud, scope: str, document: dict[str, Any], *, token: bool = False) -> dict[str, Any]:
    """A run; with a token of its own for whoever may act as the run."""
    name, identifier = document["experimentName"], document["runId"]
    execution = f"{cloud.url}/execution/v1.0{scope}/experiments/{name}/runId/{identifier}"
    shown = {key: value for key, value in document.items() if key not in _INNER}
    shown["cancelUri"] = f"{execution}/cancel"
    shown["diagnosticsUri"] = f"{execution}/diagnostics"
    if token:
        shown |= run_token(cloud, "tokenExpiryTimeUtc")
    return shown


def run_token(cloud: Cloud, expiry: str) -> dict[str, str]:
    """A token for a run's own script, and under the name `expiry` when it ends."""
    end = cloud.clock.now() + timedelta(seconds=cloud.settings.timing.token_lifetime)
    return {"token": make(cloud, f"{cloud.url}/run"), expiry: end.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}


def details(cloud: Cloud, scope: str, document: dict[str, Any]) -> dict[str, Any]:
    """All about a run: where its logs are, what it read and wrote, how it was submitted."""
    keys = ("runId", "target", "status", "startTimeUtc", "endTimeUtc", "error", "warnings", "properties")
    return {
        **{key: document.get(key) for key in keys},
        "services": {},
        "inputDatasets": document.get("inputDatasets") or [],
        "outputDatasets": document.get("outputDatasets") or [],
        "runDefinition": document.get("runDefinition"),
        "logFiles": log_files(cloud, scope, document),
        "jobCost": None if document["status"] not in FINAL else {"chargedCpuCoreSeconds": None},
        "revision": 1,
    }


def log_files(cloud: Cloud, scope: str, document: dict[str, Any]) -> dict[str, str]:
    """Addresses of the logs that there are."""
    container = document["dataContainerId"]
    return {
        path: artifacts.read_url(cloud, scope, artifacts.RUNS, container, path)
        for folder in LOG_FOLDERS
        for path in artifacts.paths(cloud, scope, artifacts.RUNS, container, f"{folder}/")
    }
