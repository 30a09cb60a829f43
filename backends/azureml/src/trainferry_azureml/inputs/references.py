"""Where a dataset of a job lies in the cloud, as the one form of address that dataset definitions have."""

import re
from typing import TYPE_CHECKING

from trainferry.errors import BackendError

if TYPE_CHECKING:
    from trainferry_azureml.workspace.coordinates import Coordinates

_SHORT = re.compile(r"azureml://datastores/(?P<store>[A-Za-z0-9_-]+)/paths/(?P<path>.*)", re.IGNORECASE)


def in_datastore(where: "Coordinates", store: str, path: str) -> str:
    """The full address of a path in a datastore."""
    return (
        f"azureml://subscriptions/{where.subscription}/resourcegroups/{where.resource_group}"
        f"/workspaces/{where.workspace}/datastores/{store}/paths/{path.lstrip('/')}"
    )


def full_address(uri: str, where: "Coordinates") -> str:
    """The address that a definition takes for a job's `uri`; BackendError for a kind that Azure ML can't mount."""
    short = _SHORT.fullmatch(uri)
    if short:
        return in_datastore(where, short["store"], short["path"])
    if uri.lower().startswith(("azureml://subscriptions/", "https://", "wasbs://", "abfss://")):
        return uri
    raise BackendError(
        f"Azure ML can't bring '{uri}' to a job",
        remedy="write azureml://datastores/NAME/paths/PATH, or an https:// address",
    )


def is_file(uri: str) -> bool:
    """Whether an address is that of one file: it ends in a name with an ending, not in a slash."""
    name = uri.partition("?")[0].rpartition("/")[2]
    return "." in name.strip(".") and "*" not in name
