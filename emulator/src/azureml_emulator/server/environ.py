"""The variables that point an unmodified SDK at the emulator."""

from pathlib import Path
from typing import TYPE_CHECKING

from azureml_emulator.places import State

if TYPE_CHECKING:
    from azureml_emulator.server.cloud import Cloud


def variables(url: str, state: Path, tenant_secret: tuple[str, str] | None) -> dict[str, str]:
    """For whoever talks to the services at `url`; with a service principal's id and secret, for signing in too."""
    place = State(state)
    bundle = str(place.certificates / "bundle.pem")
    found = {
        # The one list of clouds that the SDK asks for; its only entry is this emulator.
        "ARM_CLOUD_METADATA_URL": f"{url}/metadata/endpoints",
        # Without it the SDK asks the real cloud first, and waits half a minute for an answer.
        "AZUREML_CURRENT_CLOUD": "AzureCloud",
        # The SDK keeps the list of clouds in this folder for ever, so it must not be the user's own.
        "AZURE_CONFIG_DIR": str(place.client),
        "REQUESTS_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
    }
    if tenant_secret:
        found |= {
            # This tenant makes the sign-in library skip the public login service.
            "AZUREML_SERVICE_PRINCIPAL_TENANT_ID": "adfs",
            "AZUREML_SERVICE_PRINCIPAL_ID": tenant_secret[0],
            "AZUREML_SERVICE_PRINCIPAL_PASSWORD": tenant_secret[1],
        }
    return found


def client_variables(cloud: "Cloud") -> dict[str, str]:
    """For a run's script: it has a token of its own, so nothing to sign in with."""
    return variables(cloud.url, cloud.state.root, None)


def without_proxy(current: dict[str, str]) -> dict[str, str]:
    """The variables that keep loopback away from a proxy, if this machine has one."""
    if not any(name.lower() in ("http_proxy", "https_proxy", "all_proxy") for name in current):
        return {}
    known = current.get("no_proxy") or current.get("NO_PROXY") or ""
    names = ",".join(dict.fromkeys([*filter(None, known.split(",")), "127.0.0.1", "localhost"]))
    return {"NO_PROXY": names, "no_proxy": names}
