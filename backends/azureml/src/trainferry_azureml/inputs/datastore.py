"""The datastore that data goes to: its container, and the key that opens it. The key stays in memory."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainferry.errors import BackendError
from trainferry_azureml.data import AccountKey, ContainerAccess, Sas

if TYPE_CHECKING:
    from trainferry_azureml.session import Session
    from trainferry_azureml.workspace.opening import Workspace


@dataclass(frozen=True, slots=True)
class Datastore:
    """A datastore of the workspace, opened."""

    name: str
    access: ContainerAccess


def open_datastore(session: "Session", workspace: "Workspace", name: str | None = None) -> Datastore:
    """A datastore: that of the settings if none is named, else the workspace's default.

    BackendError if it is no blob container, or can't be opened.
    """
    wanted = name or session.settings.datastore
    path = f"/datastores/{wanted}" if wanted else "/default"
    url = workspace.url("api", "datastore/v1.0", path)
    found = session.http.json("GET", url, f"open the datastore {wanted or 'of the workspace'}")
    own, section = str(found.get("name", "")), found.get("azureStorageSection") or {}
    if found.get("dataStoreType") != "AzureBlob":
        raise BackendError(
            f"the datastore '{own}' is of the kind {found.get('dataStoreType')}, and data goes to blob containers only",
            remedy="name another one in backends.azureml.datastore",
        )
    account = str(section.get("accountName", ""))
    key = section.get("accountKey") or (None if section.get("isSas") else section.get("credential"))
    sas = section.get("sasToken") or (section.get("credential") if section.get("isSas") else None)
    if not key and not sas:
        raise BackendError(
            f"the datastore '{own}' has no key that this login may use",
            remedy="ask its owner for the role 'AzureML Data Scientist', or name another datastore in the settings",
        )
    address = f"https://{account}.blob.{section.get('endpoint')}/{section.get('containerName')}"
    credential = AccountKey(account, str(key)) if key else Sas(str(sas))
    return Datastore(own, ContainerAccess(address, credential))
