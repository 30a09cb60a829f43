"""The workspace's config file, before anybody asks Azure for it."""

from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.errors import ConfigError, Location
from trainferry_azureml.findings import finding
from trainferry_azureml.workspace.coordinates import find_config, read_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainferry.site import Site
    from trainferry.specs.finding import Finding
    from trainferry_azureml.settings import AzureMLSettings

_KEYS = ("subscription", "resource_group", "workspace")


def check(settings: "AzureMLSettings", site: "Site") -> "Iterator[Finding]":
    """A config file that is named and isn't there, or that can't be used. That there is none is for `plan` to say."""
    if all(getattr(settings, key) for key in _KEYS):
        return
    project = site.project or Path.cwd()
    if settings.config is not None and not (project / settings.config).is_file():
        text = f"the workspace's config file {settings.config} is not there"
        remedy = (
            "the portal offers it for download (config.json); or name subscription, resource_group and "
            "workspace in [backends.azureml]"
        )
        yield finding("workspace-config", "error", text, remedy)
        return
    file = project / settings.config if settings.config is not None else find_config(project)
    if file is None:
        return
    try:
        read_config(file)
    except ConfigError as error:
        yield finding(
            "workspace-config",
            "error",
            f"{file.name}: {error.message}",
            error.remedy,
            error.where or Location(str(file)),
        )
