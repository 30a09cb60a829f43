"""What the engine tells: states go to run history, logs and outputs to the run's artifacts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from azureml_emulator.artifact import models as artifacts
from azureml_emulator.datastore.models import container_of
from azureml_emulator.engine.contract import RunError, RunState, Status
from azureml_emulator.execution import outputs
from azureml_emulator.execution.faults import run_started
from azureml_emulator.history import models as history
from azureml_emulator.server.cloud import Cloud
from azureml_emulator.workspace.models import SUBMITTED


class CloudEvents:
    """Hears the engine. A call bears to be made twice."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._started: set[tuple[str, int]] = set()
        """Runs and attempts that faults had their chance at: an event that is told twice is one start."""

    def _scope(self, run_id: str) -> str | None:
        found = self._cloud.store.get(SUBMITTED, run_id)
        return str(found["scope"]) if found else None

    def run_changed(self, state: RunState) -> None:
        """Tell run history."""
        submitted = self._cloud.store.get(SUBMITTED, state.run_id)
        if submitted is None:
            return
        if state.status is Status.COMPLETED:
            outputs.register(self._cloud, submitted)
        self._cloud.store.update(
            history.RUN, history.run_key(submitted["scope"], state.run_id), lambda run: self._lay_over(run, state)
        )
        attempt = (state.run_id, state.attempt)
        if state.status is Status.RUNNING and attempt not in self._started:
            self._started.add(attempt)
            run_started(self._cloud, submitted["compute"], submitted["cluster"], state)

    def _lay_over(self, run: dict[str, Any], state: RunState) -> None:
        if run["status"] in history.FINAL and not state.status.final:
            return
        if run["status"] != "CancelRequested" or state.status.final:
            run["status"] = state.status.value
        run["startTimeUtc"] = self._stamp(state.started) or run["startTimeUtc"]
        if state.status.final:
            run["endTimeUtc"] = self._stamp(state.ended) or self._cloud.clock.stamp()
        run["error"] = error_of(state.error) if state.error else None
        if state.exit_code is not None:
            run["properties"]["ExitCode"] = str(state.exit_code)

    def _stamp(self, seconds: float | None) -> str | None:
        if seconds is None:
            return None
        moment = datetime.fromtimestamp(seconds, UTC) + timedelta(seconds=self._cloud.clock.skew)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def log_grew(self, run_id: str, name: str, offset: int, data: bytes) -> None:
        """Append to a log in blob storage."""
        scope = self._scope(run_id)
        if scope is not None:
            blob = artifacts.blob_name(artifacts.RUNS, f"dcid.{run_id}", name)
            self._cloud.blobs.append(artifacts.container_of(self._cloud, scope), blob, offset, data)

    def file_changed(self, run_id: str, name: str, path: Path) -> None:
        """Upload a file of the run."""
        scope = self._scope(run_id)
        if scope is not None:
            blob = artifacts.blob_name(artifacts.RUNS, f"dcid.{run_id}", name)
            self._cloud.blobs.upload(artifacts.container_of(self._cloud, scope), blob, path)

    def output_changed(self, run_id: str, output: str, name: str, path: Path) -> None:
        """Upload a file of an output folder to its datastore."""
        submitted = self._cloud.store.get(SUBMITTED, run_id)
        if submitted is None:
            return
        place = submitted["outputs"][output]
        folder = outputs.folder_of(place, run_id, output)
        container = container_of(self._cloud, submitted["scope"], place["datastore"])
        self._cloud.blobs.upload(container, f"{folder}/{name}".lstrip("/"), path)


def error_of(error: RunError) -> dict[str, Any]:
    """The error of a run in the form of the history service."""
    return {
        "error": {
            "code": error.code,
            "severity": None,
            "message": error.message,
            "messageFormat": None,
            "messageParameters": {},
            "referenceCode": error.kind,
            "detailsUri": None,
            "target": error.log or None,
            "details": [],
            "innerError": {"code": error.kind, "innerError": None},
            "additionalInfo": None,
        },
        "correlation": None,
        "environment": "emulated",
        "location": "local",
    }
