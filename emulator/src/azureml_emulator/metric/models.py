"""State of metrics: each logged row is a document, in the order in which it came."""

import uuid
from typing import Any

from azureml_emulator.server.cloud import Cloud

KIND, DEFINITION = "metric", "metric.definition"


def _key(scope: str, run: str, *rest: str) -> str:
    return "/".join((scope.lower(), "metrics", run, *rest))


def add(cloud: Cloud, scope: str, run: str, batch: list[dict[str, Any]]) -> None:
    """Keep what a script logged. A row that comes again, after a retry, is the same row."""
    with cloud.store.transaction():
        for metric in batch:
            name = str(metric["name"])
            known = cloud.store.get(DEFINITION, _key(scope, run, name))
            definition = {
                "dataContainerId": f"dcid.{run}",
                "name": name,
                "columns": {**(known or {}).get("columns", {}), **(metric.get("columns") or {})},
                "properties": metric.get("properties") or {"uxMetricType": "azureml.v1.scalar"},
            }
            cloud.store.put(DEFINITION, _key(scope, run, name), definition)
            for row in metric.get("value") or []:
                identifier = str(row.get("metricId") or uuid.uuid4())
                kept = {"createdUtc": cloud.clock.stamp(), **row, "metricId": identifier}
                cloud.store.put(KIND, _key(scope, run, name, "rows", identifier), kept)


def definitions(cloud: Cloud, scope: str, run: str) -> list[dict[str, Any]]:
    """What metrics a run has."""
    return cloud.store.find(DEFINITION, _key(scope, run, ""))


def full(cloud: Cloud, scope: str, run: str, name: str) -> dict[str, Any]:
    """One metric with all its rows; none for a name that was never logged."""
    found = cloud.store.get(DEFINITION, _key(scope, run, name)) or {
        "dataContainerId": f"dcid.{run}",
        "name": name,
        "columns": {},
        "properties": {"uxMetricType": "azureml.v1.scalar"},
    }
    return {**found, "value": cloud.store.find(KIND, _key(scope, run, name, "rows", "")), "continuationToken": None}
