"""What Azure says of a cluster, and of the sizes and quotas of a region."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainferry_azureml.session import Session
    from trainferry_azureml.workspace.opening import Workspace

_VERSION = {"api-version": "2020-02-02"}
"""Version of the compute interface that azureml-core 1.61 asks for."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster as Azure describes it."""

    name: str
    kind: str
    size: str
    priority: str
    min_nodes: int
    max_nodes: int
    region: str
    state: str
    """Such as Creating, Succeeded, Failed, Deleting."""
    nodes: int
    """Nodes that are up (count)."""
    target_nodes: int
    errors: tuple[str, ...]
    """What went wrong while it was made or resized, as `code: message`."""


def find_cluster(session: "Session", workspace: "Workspace", name: str) -> Cluster | None:
    """The compute target of that name, or None."""
    url = f"{workspace.services['api']}/rp/workspaces{workspace.coordinates.path}/computes/{name}"
    found = session.http.find(url, f"look at the cluster {name}", params=_VERSION)
    return None if found is None else _cluster(found)


def _cluster(data: dict[str, Any]) -> Cluster:
    outer: dict[str, Any] = data.get("properties") or {}
    inner: dict[str, Any] = outer.get("properties") or {}
    scale: dict[str, Any] = inner.get("scaleSettings") or {}
    errors = [*(outer.get("provisioningErrors") or []), *(inner.get("errors") or [])]
    return Cluster(
        name=str(data.get("name", "")),
        kind=str(outer.get("computeType", "")),
        size=str(inner.get("vmSize") or ""),
        priority="low" if str(inner.get("vmPriority", "")).lower() == "lowpriority" else "dedicated",
        min_nodes=int(scale.get("minNodeCount") or 0),
        max_nodes=int(scale.get("maxNodeCount") or 0),
        region=str(outer.get("computeLocation") or data.get("location") or ""),
        state=str(outer.get("provisioningState", "")),
        nodes=int(inner.get("currentNodeCount") or 0),
        target_nodes=int(inner.get("targetNodeCount") or 0),
        errors=tuple(_error(one) for one in errors),
    )


def _error(data: Any) -> str:
    while isinstance(data, dict) and isinstance(data.get("error"), dict):
        data = data["error"]
    if not isinstance(data, dict):
        return str(data)
    details = [_error(one) for one in data.get("details") or []]
    return "; ".join([f"{data.get('code', 'Error')}: {data.get('message', '')}", *details])


def _regional(session: "Session", workspace: "Workspace", region: str, what: str) -> Any:
    url = (
        f"{session.cloud.resource_manager}/subscriptions/{workspace.coordinates.subscription}"
        f"/providers/Microsoft.MachineLearningServices/locations/{region}/{what}"
    )
    return session.http.json("GET", url, f"read the {what} of the region {region}", params=_VERSION)


@dataclass(frozen=True, slots=True)
class OfferedSize:
    """A VM size that a region offers to this subscription."""

    name: str
    cores: int
    gpus: int
    memory_gib: float
    family: str


def offered_sizes(session: "Session", workspace: "Workspace", region: str) -> list[OfferedSize]:
    """The sizes that a region offers for clusters."""
    answer = _regional(session, workspace, region, "vmSizes")
    listed = answer.get("amlCompute") or answer.get("value") or []
    return [
        OfferedSize(
            str(one["name"]),
            int(one.get("vCPUs") or 0),
            int(one.get("gpus") or 0),
            float(one.get("memoryGB") or 0),
            str(one.get("family") or ""),
        )
        for one in listed
    ]


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a family of sizes is in use in a region, and how much may be (cores)."""

    family: str
    used: int
    limit: int


def usages(session: "Session", workspace: "Workspace", region: str) -> list[Usage]:
    """Use and limit of every family of sizes in a region."""
    answer = _regional(session, workspace, region, "usages")
    listed = [
        Usage(_family(one), int(one.get("currentValue") or 0), int(one.get("limit") or 0))
        for one in answer.get("value") or []
        if int(one.get("limit", -1)) >= 0
    ]
    session.site.listings("azureml").keep(f"usages.{region}", [asdict(one) for one in listed])
    return listed


def _family(data: dict[str, Any]) -> str:
    name = data.get("name")
    return str(name.get("value") or name.get("localizedValue") or "") if isinstance(name, dict) else str(name or "")
