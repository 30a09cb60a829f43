"""What the workspace knows of an environment: whether it is registered, and whether its image is built."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from trainferry_azureml.session import Session
    from trainferry_azureml.workspace.opening import Workspace


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered environment."""

    name: str
    version: str
    built: bool | None
    """Whether its image exists; None where the workspace doesn't say."""


def address(workspace: "Workspace", name: str, version: str | None = None, api: str = "v1.0") -> str:
    """Where an environment, or one version of it, is found."""
    tail = f"/versions/{quote(version, safe='')}" if version else ""
    return workspace.url("environment", f"environment/{api}", f"/environments/{quote(name, safe='')}{tail}")


def find_environment(session: "Session", workspace: "Workspace", name: str) -> Registered | None:
    """The newest version of an environment, or None if none of that name is registered."""
    found = session.http.find(address(workspace, name), f"look at the environment {name}")
    if found is None:
        return None
    version = str(found.get("version") or "")
    image = session.http.find(f"{address(workspace, name, version)}/image", f"look at the image of {name}")
    built = image.get("imageExistsInRegistry") if isinstance(image, dict) else None
    return Registered(name, version, built if isinstance(built, bool) else None)
