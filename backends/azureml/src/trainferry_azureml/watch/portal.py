"""The page on which the studio shows a run."""

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from trainferry_azureml.submit.naming import Reference

if TYPE_CHECKING:
    from trainferry_azureml.session import Session


def portal_url(session: "Session", ref: str) -> str:
    """Address of a run in Azure ML studio, in the form that azureml-core's `get_portal_url` has. Asks nobody."""
    reference = Reference.parse(ref)
    where = reference.coordinates
    scope = f"/subscriptions/{where.subscription}/resourcegroups/{where.resource_group}/workspaces/{where.workspace}"
    query = urlencode({"wsid": scope} | ({"tid": session.settings.tenant} if session.settings.tenant else {}), safe="/")
    return f"{_studio(session)}/runs/{quote(reference.run)}?{query}"


def _studio(session: "Session") -> str:
    from trainferry_azureml.cloud import KNOWN

    return KNOWN[session.settings.cloud].portal
