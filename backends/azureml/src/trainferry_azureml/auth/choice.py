"""Choosing the credential: as the settings say, or by what there is. Only a person at a terminal is ever asked."""

import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainferry.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.credentials import TokenCredential

    from trainferry.site import Site
    from trainferry_azureml.cloud import Cloud
    from trainferry_azureml.settings import AzureMLSettings

TENANT = ("AZURE_TENANT_ID", "AZUREML_SERVICE_PRINCIPAL_TENANT_ID")
CLIENT = ("AZURE_CLIENT_ID", "AZUREML_SERVICE_PRINCIPAL_ID")
SECRET = ("AZURE_CLIENT_SECRET", "AZUREML_SERVICE_PRINCIPAL_PASSWORD")
"""Variables of a service principal: those of Azure's newer tools, then those of azureml-core."""
IDENTITY = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT")
"""Variables by which a machine in Azure says that it has a managed identity."""


_TRIES = 3
"""How often a login service that doesn't answer is asked (count), within the time that looking may take."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A way of logging in: its kind as in the settings, why it was chosen, and how to make its credential."""

    kind: str
    reason: str
    make: "Callable[[], TokenCredential]"


def variable(names: tuple[str, ...]) -> str | None:
    """The first of the variables that is set."""
    return next((value for name in names if (value := os.environ.get(name))), None)


def choose(settings: "AzureMLSettings", cloud: "Cloud", site: "Site") -> Choice:
    """The way to log in; ConfigError saying what is missing for it. Contacts nobody."""
    kind: str = settings.auth
    reason = f"backends.azureml.auth is '{kind}'"
    if kind == "auto":
        kind, reason = _found(settings, site)
    makers: dict[str, Callable[[], TokenCredential]] = {
        "service-principal": lambda: _service_principal(settings, cloud),
        "managed-identity": lambda: _managed_identity(settings),
        "cli": lambda: _cli(settings),
        "device-code": lambda: _device_code(settings, cloud, site),
        "browser": lambda: _browser(settings, cloud, site),
    }
    if kind in ("device-code", "browser") and not site.interactive:
        raise ConfigError(
            f"the login '{kind}' needs a person at a terminal, and there is none",
            remedy="log in with 'az login' and set backends.azureml.auth to 'cli', or use a service principal",
        )
    return Choice(kind, reason, makers[kind])


def _found(settings: "AzureMLSettings", site: "Site") -> tuple[str, str]:
    """Which way there is, for `auto`; the first that has what it needs."""
    for names in (SECRET,):
        if (settings.client_id or variable(CLIENT)) and variable(names):
            return "service-principal", f"{next(n for n in names if os.environ.get(n))} is set"
    for name in IDENTITY:
        if os.environ.get(name):
            return "managed-identity", f"{name} is set"
    if shutil.which("az"):
        return "cli", "the Azure CLI is installed"
    if site.interactive:
        return "device-code", "there is a terminal, and neither a service principal nor the Azure CLI"
    raise ConfigError(
        "there is no login for Azure: no service principal in the variables, no managed identity, no Azure CLI, "
        "and no terminal to ask at",
        remedy="set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, "
        "or install the Azure CLI and run 'az login'",
    )


def _service_principal(settings: "AzureMLSettings", cloud: "Cloud") -> "TokenCredential":
    from azure.identity import ClientSecretCredential

    tenant, client, secret = (
        settings.tenant or variable(TENANT),
        settings.client_id or variable(CLIENT),
        variable(SECRET),
    )
    parts = {TENANT[0]: tenant, CLIENT[0]: client, SECRET[0]: secret}
    if tenant is None or client is None or secret is None:
        missing = ", ".join(name for name, value in parts.items() if not value)
        raise ConfigError(
            f"the service principal lacks: {missing}",
            remedy="set the variables; the secret goes into a variable only, never into a file",
        )
    return ClientSecretCredential(
        tenant,
        client,
        secret,
        authority=cloud.login,
        disable_instance_discovery=_own_authority(cloud),
        **_limits(settings),
    )


def _limits(settings: "AzureMLSettings") -> "dict[str, Any]":
    """Options for a login service that says nothing. By itself azure-identity waits five minutes, four times over."""
    each = settings.look_seconds / _TRIES
    return {"connection_timeout": each, "read_timeout": each, "retry_connect": _TRIES - 1, "retry_read": _TRIES - 1}


def _own_authority(cloud: "Cloud") -> bool:
    """Whether the login service is none of Microsoft's, which only those of a list of clouds of one's own can be."""
    from trainferry_azureml.cloud import KNOWN

    return cloud.login not in {known.login for known in KNOWN.values()}


def _managed_identity(settings: "AzureMLSettings") -> "TokenCredential":
    from azure.identity import ManagedIdentityCredential

    return ManagedIdentityCredential(client_id=settings.client_id, **_limits(settings))


def _cli(settings: "AzureMLSettings") -> "TokenCredential":
    from azure.identity import AzureCliCredential

    if not shutil.which("az"):
        raise ConfigError(
            "the Azure CLI is not installed", remedy="install it and run 'az login', or choose another auth"
        )
    return AzureCliCredential(tenant_id=settings.tenant or "", process_timeout=30)


def _device_code(settings: "AzureMLSettings", cloud: "Cloud", site: "Site") -> "TokenCredential":
    from azure.identity import DeviceCodeCredential

    from trainferry_azureml.auth.memory import remembering

    def ask(address: str, code: str, _expires: object) -> None:
        sys.stderr.write(f"to log in to Azure, open {address} in a browser and type the code {code}\n")
        sys.stderr.flush()

    return remembering(
        lambda **where: DeviceCodeCredential(
            prompt_callback=ask,
            disable_instance_discovery=_own_authority(cloud),
            **_limits(settings),
            **where,
        ),
        settings,
        site,
        cloud,
    )


def _browser(settings: "AzureMLSettings", cloud: "Cloud", site: "Site") -> "TokenCredential":
    from azure.identity import InteractiveBrowserCredential

    from trainferry_azureml.auth.memory import remembering

    return remembering(
        lambda **where: InteractiveBrowserCredential(
            disable_instance_discovery=_own_authority(cloud), **_limits(settings), **where
        ),
        settings,
        site,
        cloud,
    )
