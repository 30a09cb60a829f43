"""Where a dataset of a job lies in the cloud, as the one form of address that dataset definitions have."""

import re
from typing import TYPE_CHECKING

from trainferry.errors import BackendError
from trainferry_azureml.data.container import Container
from trainferry_azureml.inputs.datastore import open_datastore

if TYPE_CHECKING:
    from trainferry_azureml.session import Session
    from trainferry_azureml.workspace.coordinates import Coordinates
    from trainferry_azureml.workspace.opening import Workspace

_SHORT = re.compile(r"azureml://datastores/(?P<store>[A-Za-z0-9_-]+)/paths/(?P<path>.*)", re.IGNORECASE)


_FULL = re.compile(r"azureml://subscriptions/.+/datastores/(?P<store>[^/]+)/paths/(?P<path>.*)", re.IGNORECASE)
_MISSING = frozenset({404, 410})
_NO_HEAD = frozenset({403, 405, 501})
"""Answers of servers that give a file and won't be asked about it: signatures for reading alone, plain scripts."""


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


def require_data(session: "Session", workspace: "Workspace", address: str) -> None:
    """Raise BackendError if nothing lies at an address. Neither the SDK nor the service would ever say so."""
    match = _FULL.fullmatch(address)
    if match:
        store = open_datastore(session, workspace, match["store"])
        with Container(store.access, session.patience) as container:
            prefix = match["path"].partition("*")[0]
            if next(iter(container.list(prefix, f"look for {address}")), None) is None:
                raise BackendError(
                    f"the datastore '{match['store']}' holds nothing at {match['path'] or '/'}",
                    remedy="correct the uri in the job file; the portal shows what a datastore holds, under Data",
                )
    elif address.lower().startswith("https://"):
        if _answer_of_the_web(session, address) in _MISSING:
            raise BackendError(f"there is nothing at {shown(address)}", remedy="correct the uri in the job file")


def shown(uri: str) -> str:
    """An address as it may be shown and written down: what follows the question mark is often a signature."""
    return uri.partition("?")[0]


def _answer_of_the_web(session: "Session", address: str) -> int:
    """How a server answers for an address (HTTP status): asked for the head, and for one byte where that is refused."""
    doing = f"look for {shown(address)}"
    asked = session.http.answer("HEAD", address, doing, signed=False, accept=_MISSING | _NO_HEAD)
    if asked.status_code not in _NO_HEAD:
        return asked.status_code
    with session.http.answer(
        "GET", address, doing, headers={"Range": "bytes=0-0"}, signed=False, accept=_MISSING, stream=True
    ) as answer:
        return answer.status_code
