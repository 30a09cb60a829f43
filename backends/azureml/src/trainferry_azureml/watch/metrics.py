"""What a run logged through Azure's own interface, as rows by step."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from trainferry_azureml.submit.naming import Reference

if TYPE_CHECKING:
    from trainferry_azureml.session import Session


def read_metrics(session: "Session", ref: str) -> Sequence[Mapping[str, float]]:
    """One mapping for each step, with the metrics that have a value there.

    None for a script that logged nothing through Azure, such as one that writes a file of metrics.
    """
    reference = Reference.parse(ref)
    workspace = session.workspace(reference.coordinates)
    base = workspace.url("metrics", "metric/v2.0", f"/runs/{reference.run}")
    listed = session.http.json("POST", f"{base}/list", "list the metrics of the run", json={})
    names = [str(one["metricKey"]["name"]) for one in listed.get("value") or []]
    if not names:
        return []

    def full(name: str) -> Any:
        return session.http.json("POST", f"{base}/full", f"read the metric {name}", json={"metricName": name})

    with ThreadPoolExecutor(min(8, len(names))) as pool:
        return rows_of(dict(zip(names, pool.map(full, names), strict=True)))


def rows_of(metrics: Mapping[str, Any]) -> list[Mapping[str, float]]:
    """Rows by step of metrics as Azure answers them; a value without a step takes the next one."""
    rows: dict[int, dict[str, float]] = defaultdict(dict)
    for name, metric in metrics.items():
        for number, entry in enumerate(metric.get("value") or []):
            data = entry.get("data") or {}
            step = entry.get("step")
            for key, value in data.items():
                column = name if key == name or len(data) == 1 else f"{name}.{key}"
                if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
                    rows[int(step) if isinstance(step, int) else number][column] = float(value)
    return [rows[step] for step in sorted(rows)]
