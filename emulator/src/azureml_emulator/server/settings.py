"""What an emulator is started with, and what it keeps of that for the next start on the same state folder."""

import base64
import secrets
import uuid
from dataclasses import asdict, dataclass, field, fields

from azureml_emulator.places import State, read_json, write_json

SUBSCRIPTION = "00000000-0000-0000-0000-00000000e111"
LOCATION = "eastus"


@dataclass(slots=True)
class Timing:
    """How long things take here, in seconds; far less than in the cloud unless asked otherwise."""

    allocation: float = 0.2
    """From the wish for a node to the node."""
    token_lifetime: float = 24 * 3600.0
    """How long a token of AAD is good."""


@dataclass(slots=True)
class Settings:
    """The settings of one emulator; those in `_KEPT` outlive a restart."""

    port: int = 0
    """Of the services; 0 for one that is free, the same as last time if it still is."""
    blob_port: int = 0
    """Of blob storage; likewise."""
    subscription: str = SUBSCRIPTION
    resource_group: str = "emulated"
    workspace: str = "emulated"
    """Made at the start in `resource_group` and `location`; empty for none."""
    location: str = LOCATION
    log_layout: str = "user_logs"
    """Where logs of runs go: `user_logs` (std_log.txt) or `azureml-logs` (70_driver_log.txt)."""
    timing: Timing = field(default_factory=Timing)
    account: str = "emulatedstorage"
    account_key: str = ""
    signing_key: str = ""
    """Signs tokens."""
    secret: str = ""
    """Whoever sends it in `x-emulator-secret` may use the admin endpoint."""
    tenant: str = ""
    client: str = ""
    client_secret: str = ""


_KEPT = (
    "port", "blob_port", "subscription", "account", "account_key", "signing_key", "secret",
    "tenant", "client", "client_secret",
)  # fmt: skip


def load(state: State, wanted: Settings) -> Settings:
    """`wanted`, with what an earlier start on this state folder left; keys are made once."""
    kept = read_json(state.settings)
    known = {one.name for one in fields(Settings)}
    for name in _KEPT:
        if name in kept and name in known and not (name in ("port", "blob_port") and getattr(wanted, name)):
            setattr(wanted, name, kept[name])
    wanted.account_key = wanted.account_key or base64.b64encode(secrets.token_bytes(64)).decode()
    wanted.signing_key = wanted.signing_key or secrets.token_hex(32)
    wanted.secret = wanted.secret or secrets.token_hex(16)
    wanted.tenant = wanted.tenant or str(uuid.uuid4())
    wanted.client = wanted.client or str(uuid.uuid4())
    wanted.client_secret = wanted.client_secret or secrets.token_urlsafe(16)
    return wanted


def save(state: State, settings: Settings) -> None:
    """Keep what the next start on this folder needs."""
    kept = asdict(settings)
    write_json(state.settings, {name: kept[name] for name in _KEPT}, private=True)
