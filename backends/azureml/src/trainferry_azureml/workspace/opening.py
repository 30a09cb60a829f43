"""Opening the workspace: where it is, and under which addresses its services answer."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainferry.errors import BackendError

if TYPE_CHECKING:
    from trainferry_azureml.cloud import Cloud
    from trainferry_azureml.service.http import Http
    from trainferry_azureml.workspace.coordinates import Coordinates

_VERSION = {"api-version": "2022-05-01"}
"""Version of the resource manager's interface that azureml-core 1.61 asks for."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """An open workspace."""

    coordinates: "Coordinates"
    id: str
    region: str
    discovery: str
    services: dict[str, str]
    """Address of each service by its name in the discovery answer, without a slash at the end."""

    def url(self, service: str, version: str, path: str) -> str:
        """Address of something at a service; `version` is the service's own path, such as `history/v1.0`."""
        home = self.services.get(service) or self.services["api"]
        return f"{home}/{version}{self.coordinates.path}{path}"


def find_workspace(cloud: "Cloud", http: "Http", coordinates: "Coordinates") -> Workspace | None:
    """The workspace, or None if there is none of that name; changes nothing."""
    found = http.find(
        f"{cloud.resource_manager}{coordinates.path}",
        f"open the workspace {coordinates.workspace}",
        params=_VERSION,
    )
    if found is None:
        return None
    properties: dict[str, Any] = found.get("properties") or {}
    discovery = properties.get("discoveryUrl")
    if not discovery:
        state = properties.get("provisioningState", "unknown")
        raise BackendError(
            f"the workspace {coordinates.workspace} is not ready (its state is {state})",
            remedy="wait until it is created; the portal shows why if it stays so",
        )
    services = http.json("GET", discovery, "find the workspace's services", signed=False)
    return Workspace(
        coordinates,
        str(properties.get("workspaceId", "")),
        str(found.get("location", "")),
        discovery,
        {name: str(address).rstrip("/") for name, address in services.items() if address},
    )
