"""Submitting and canceling."""

import uuid
from typing import Any

from azureml_emulator.compute import models as compute
from azureml_emulator.content import models as content
from azureml_emulator.execution import orders
from azureml_emulator.execution.faults import before_submit
from azureml_emulator.history import models as history
from azureml_emulator.server.cloud import Cloud
from azureml_emulator.server.errors import ServiceError, conflict, user_error
from azureml_emulator.workspace.models import SUBMITTED


def submit(cloud: Cloud, scope: str, experiment: str, run_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Take a run on. Submitting the same id twice, after an answer that got lost, takes it on once."""
    run_id = run_id or f"{experiment}_{uuid.uuid4().hex[:12]}"
    if not orders.RUN_ID.fullmatch(run_id):
        raise user_error(f"Run id '{run_id}' is invalid: letters, digits, - and _, starting with a letter or digit.")
    configuration, snapshot = body.get("Configuration") or {}, str(body.get("SnapshotId") or "")
    known = cloud.store.get(SUBMITTED, run_id)
    if known is not None and known["scope"] != scope:
        raise conflict(f"Run id {run_id} is taken by a run of another workspace.")
    if known is not None:
        cloud.runner.hand_over(cloud, known)
        return history.run(cloud, scope, run_id)
    target = str(configuration.get("target") or "")
    try:
        document = compute.get(cloud, scope, target)
    except ServiceError as error:
        raise user_error(f"Unknown compute target '{target}'.") from error
    content.get(cloud, scope, snapshot)
    _check_nodes(document, configuration)
    run = _run(cloud, scope, experiment, run_id, configuration, snapshot)
    cluster = cloud.runner.cluster_name(document)
    order, outputs = orders.order(cloud, scope, run, configuration, cluster, snapshot)
    intent = {"runId": run_id, "scope": scope, "compute": document["name"], "cluster": cluster, "outputs": outputs}
    # With the order in it, the next start can hand over what a kill after this line leaves behind.
    cloud.store.put(SUBMITTED, run_id, {**intent, "order": order.model_dump(mode="json")})
    before_submit(cloud, document["name"], order)
    cloud.runner.submit(order)
    return run


def _check_nodes(document: dict[str, Any], configuration: dict[str, Any]) -> None:
    wanted = orders.distribution(configuration).nodes
    most = document["properties"]["properties"]["scaleSettings"]["maxNodeCount"]
    if wanted > most:
        raise user_error(f"The run asks for {wanted} nodes, but compute target {document['name']} has at most {most}.")


def _run(
    cloud: Cloud, scope: str, experiment: str, run_id: str, configuration: dict[str, Any], snapshot: str
) -> dict[str, Any]:
    """The run's document: there before the engine hears of it, so that the engine's events find it."""
    lineage = [
        {
            "identifier": {
                "savedId": (data.get("dataLocation") or {}).get("dataset", {}).get("id"),
                "registeredId": (data.get("dataLocation") or {}).get("dataset", {}).get("registeredId"),
                "registeredVersion": (data.get("dataLocation") or {}).get("dataset", {}).get("version"),
            },
            "consumptionType": "RunInput",
            "inputDetails": {
                "inputName": name,
                "mechanism": str(data.get("mechanism") or "Mount").capitalize(),
                "pathOnCompute": data.get("pathOnCompute"),
            },
        }
        for name, data in (configuration.get("data") or {}).items()
    ]
    body: dict[str, Any] = {
        "runType": "azureml.scriptrun",
        "runTypeV2": {"orchestrator": "Execution", "traits": []},
        "target": configuration.get("target"),
        "scriptName": configuration.get("script"),
        "runDefinition": configuration,
        "inputDatasets": lineage,
        "displayName": configuration.get("displayName") or run_id,
        "parentRunId": configuration.get("parentRunId"),
        "properties": {
            "_azureml.ComputeTargetType": "amlctrain",
            "ContentSnapshotId": snapshot,
            "azureml.git.dirty": "False",
            "AzureML.DerivedImageName": None,
        },
        "tags": configuration.get("tags") or {},
    }
    body["properties"] = {key: value for key, value in body["properties"].items() if value is not None}
    try:
        return history.create_run(cloud, scope, experiment, run_id, body)
    except ServiceError:
        # An earlier try got as far as this, and no further.
        return history.change_run(cloud, scope, run_id, body)


def cancel(cloud: Cloud, scope: str, run_id: str) -> None:
    """Cancel a run, which may have ended already; one that the engine doesn't know is canceled in history alone."""
    run = history.run(cloud, scope, run_id)
    if run["status"] in history.FINAL:
        return
    if not cloud.runner.cancel(run_id):
        history.change_run(cloud, scope, run_id, {"status": "Canceled"})
    elif run["status"] != "CancelRequested":
        cloud.store.update(history.RUN, history.run_key(scope, run_id), _ask_to_cancel)


def _ask_to_cancel(run: dict[str, Any]) -> None:
    if run["status"] not in history.FINAL:
        run["status"] = "CancelRequested"
