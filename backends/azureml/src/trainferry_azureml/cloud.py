"""Where a cloud's front doors are: its resource manager, its login service, and the audience that tokens are for."""

import os
from dataclasses import dataclass
from typing import Any

from trainferry.errors import ConfigError

METADATA_VARIABLE = "ARM_CLOUD_METADATA_URL"
"""The variable of Azure's own tools that names another list of clouds, as a private cloud or an emulator has one."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """One cloud. Addresses have no slash at the end."""

    name: str
    resource_manager: str
    login: str
    audience: str
    portal: str

    @property
    def scope(self) -> str:
        """What a token is asked for, so that the resource manager and the workspace's services take it."""
        return f"{self.audience.rstrip('/')}/.default"


KNOWN = {
    cloud.name: cloud
    for cloud in (
        Cloud(
            "AzureCloud",
            "https://management.azure.com",
            "https://login.microsoftonline.com",
            "https://management.azure.com",
            "https://ml.azure.com",
        ),
        Cloud(
            "AzureChinaCloud",
            "https://management.chinacloudapi.cn",
            "https://login.chinacloudapi.cn",
            "https://management.chinacloudapi.cn",
            "https://studio.ml.azure.cn",
        ),
        Cloud(
            "AzureUSGovernment",
            "https://management.usgovcloudapi.net",
            "https://login.microsoftonline.us",
            "https://management.usgovcloudapi.net",
            "https://ml.azure.us",
        ),
    )
}
"""Microsoft's clouds, as azureml-core 1.61 and Microsoft's "National clouds" page have them."""


def find_cloud(name: str, seconds: float = 15.0) -> Cloud:
    """The cloud of that name: from the list that ARM_CLOUD_METADATA_URL names, else one of Microsoft's own.

    Whoever has the list is waited for so many seconds.

    Raises ConfigError if that list can't be read or doesn't have the cloud.
    """
    address = os.environ.get(METADATA_VARIABLE)
    if not address:
        return KNOWN[name]
    entry = next((one for one in _listed(address, seconds) if one.get("name") == name), {})
    try:
        login = entry["authentication"]
        return Cloud(
            name,
            entry["resourceManager"].rstrip("/"),
            login["loginEndpoint"].rstrip("/"),
            login["audiences"][0],
            (entry.get("portal") or KNOWN[name].portal).rstrip("/"),
        )
    except (KeyError, IndexError, TypeError) as error:
        raise ConfigError(
            f"{METADATA_VARIABLE}={address} lists no usable cloud '{name}' (missing: {error})",
            remedy=f"unset {METADATA_VARIABLE} to use Microsoft's own clouds",
        ) from error


def _listed(address: str, seconds: float) -> list[dict[str, Any]]:
    import requests

    try:
        answer = requests.get(address, timeout=seconds)
        answer.raise_for_status()
        clouds = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise ConfigError(
            f"can't read the list of clouds at {METADATA_VARIABLE}={address}: {error}",
            remedy=f"is the service up? unset {METADATA_VARIABLE} to use Microsoft's own clouds",
        ) from error
    return [clouds] if isinstance(clouds, dict) else list(clouds)
