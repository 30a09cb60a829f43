"""The settings of the Azure ML backend: the table `[backends.azureml]`. It holds no secret, ever."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

AuthKind = Literal["auto", "cli", "device-code", "browser", "service-principal", "managed-identity"]
CloudName = Literal["AzureCloud", "AzureChinaCloud", "AzureUSGovernment"]


class AzureMLSettings(BaseModel):
    """Which workspace, how to log in to it, and how hard to work.

    What is left out of the first three is read from the SDK's `.azureml/config.json`, in the project or above it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    subscription: str | None = Field(default=None, min_length=1, description="Id of the Azure subscription.")
    resource_group: str | None = Field(default=None, min_length=1, description="Resource group of the workspace.")
    workspace: str | None = Field(default=None, min_length=1, description="Name of the workspace.")
    region: str | None = Field(
        default=None, min_length=1, description="Region that 'ferry up' creates the workspace in, such as eastus."
    )
    config: str | None = Field(
        default=None,
        min_length=1,
        description="The SDK's config file, relative to the project, if it isn't .azureml/config.json.",
    )
    auth: AuthKind = Field(
        default="auto",
        description="How to log in. auto: a service principal or managed identity that the variables name, else the "
        "Azure CLI's login, else, at a terminal, a code to type into a browser.",
    )
    tenant: str | None = Field(default=None, min_length=1, description="Id of the tenant; the login's own if left out.")
    client_id: str | None = Field(
        default=None,
        min_length=1,
        description="Application id of the service principal, or client id of a user-assigned managed identity.",
    )
    cloud: CloudName = Field(default="AzureCloud", description="Which of Microsoft's clouds the subscription is in.")
    datastore: str | None = Field(
        default=None, min_length=1, description="Datastore for uploads; the workspace's default if left out."
    )
    connections: int = Field(
        default=64,
        ge=1,
        le=256,
        description="Most requests that go at the same time while files travel (count); fewer where storage is near.",
    )
    retry_seconds: float = Field(
        default=60, ge=0, description="How long a request that fails for a passing reason is tried again (seconds)."
    )
    answer_seconds: float = Field(
        default=60, gt=0, description="How long a service that says nothing is waited for (seconds)."
    )
    look_seconds: float = Field(
        default=15,
        gt=0,
        description="The same, and for how long it is tried, where the cloud is only looked at: by 'ferry plan', "
        "'ferry dry-run' and 'ferry doctor', and for every login (seconds).",
    )
    cancel_seconds: float = Field(
        default=180, gt=0, description="How long to wait for a canceled run to have ended (seconds)."
    )
