"""Outputs of runs that go to datastores: where they go, and what they become when the run has completed."""

from typing import Any

from azureml_emulator.dataset import models as datasets
from azureml_emulator.dataset.paths import dataflow_of
from azureml_emulator.history import models as history
from azureml_emulator.server.cloud import Cloud


def folder_of(place: dict[str, Any], run_id: str, output: str) -> str:
    """Folder of an output in its datastore; the path may name run and output."""
    path: str = place["path"]
    return path.replace("{run-id}", run_id).replace("{output-name}", output).strip("/")


def register(cloud: Cloud, submitted: dict[str, Any]) -> None:
    """Make a dataset of each output, tell the run of it, and register it if that was asked for. Bears repetition."""
    scope, run_id, lineage = submitted["scope"], submitted["runId"], []
    for name, place in submitted["outputs"].items():
        dataflow = dataflow_of(scope, place["datastore"], folder_of(place, run_id, name))
        saved = datasets.save(cloud, scope, "file", dataflow, {})
        if place["register"]:
            body = {
                "name": place["register"],
                "datasetType": "file",
                "description": place["description"],
                "tags": place["tags"],
                "latest": {"dataflow": dataflow},
            }
            datasets.register(cloud, scope, body, may_exist=True, update=True)
        details = {"identifier": {"savedId": saved["id"]}, "outputType": "RunOutput"}
        lineage.append({**details, "outputDetails": {"outputName": name}})
    if lineage:
        history.change_run(cloud, scope, run_id, {"outputDatasets": lineage})
