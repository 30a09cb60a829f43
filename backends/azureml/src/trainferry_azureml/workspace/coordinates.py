"""Which workspace: its three names, from the settings or from the SDK's `.azureml/config.json`."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.errors import BackendError, ConfigError, Location

if TYPE_CHECKING:
    from trainferry.site import Site
    from trainferry_azureml.settings import AzureMLSettings

CONFIG = Path(".azureml") / "config.json"
"""Where azureml-core's `write_config` puts it and `from_config` looks for it, in a folder or any above it."""
_KEYS = {"subscription": "subscription_id", "resource_group": "resource_group", "workspace": "workspace_name"}
_WORKSPACE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,31}")
"""As azureml-core 1.61's `Workspace` documents it: 2 to 32 letters, digits, hyphens and underscores."""


@dataclass(frozen=True, slots=True)
class Coordinates:
    """The names that lead to a workspace."""

    subscription: str
    resource_group: str
    workspace: str

    @property
    def path(self) -> str:
        """The workspace's path in the resource manager, and below each of its services."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.workspace}"
        )


def find_coordinates(settings: "AzureMLSettings", site: "Site") -> Coordinates:
    """The workspace that settings and config file name; ConfigError saying which name is missing, and where it goes."""
    names = {key: getattr(settings, key) for key in _KEYS}
    project = site.project or Path.cwd()
    file = project / settings.config if settings.config is not None else find_config(project)
    if not all(names.values()) and file is not None:
        written = read_config(file)
        names = {key: value or written[key] for key, value in names.items()}
    missing = [key for key, value in names.items() if not value]
    if missing:
        raise ConfigError(
            f"which workspace? backends.azureml lacks: {', '.join(missing)}",
            remedy="name them in trainferry.toml under [backends.azureml], or put the SDK's .azureml/config.json here",
        )
    if not _WORKSPACE_NAME.fullmatch(str(names["workspace"])):
        raise ConfigError(
            f"backends.azureml.workspace: '{names['workspace']}' can't name a workspace",
            remedy="2 to 32 letters, digits, hyphens and underscores, starting with a letter or digit",
        )
    return Coordinates(str(names["subscription"]), str(names["resource_group"]), str(names["workspace"]))


def find_config(folder: Path) -> Path | None:
    """The SDK's config file in a folder or the nearest one above it; None if there is none."""
    folder = folder.absolute()
    return next((place / CONFIG for place in (folder, *folder.parents) if (place / CONFIG).is_file()), None)


def read_config(file: Path) -> dict[str, str]:
    """The three names of a config file, by their settings' keys; ConfigError naming the file if it is unusable."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        return {key: str(data[theirs]) for key, theirs in _KEYS.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"this is no workspace config of azureml-core: {type(error).__name__}: {error}",
            where=Location(str(file)),
            remedy='it holds {"subscription_id": ..., "resource_group": ..., "workspace_name": ...}',
        ) from error


def write_config(folder: Path, coordinates: Coordinates) -> Path:
    """Write the SDK's config file into a folder, whole or not at all; returns where it is."""
    file = folder / CONFIG
    data = {theirs: getattr(coordinates, key) for key, theirs in _KEYS.items()}
    half = file.with_suffix(".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(json.dumps(data, indent=4) + "\n", encoding="utf-8")
        half.replace(file)
    except OSError as error:
        raise BackendError(f"can't write {file}: {error.strerror}", remedy="check the folder's permissions") from error
    return file
