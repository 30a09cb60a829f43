"""Why a login failed, in the user's terms."""

import re

from trainferry.errors import BackendError
from trainferry.masking import mask_text
from trainferry_azureml.service.errors import Unreachable

_LONGEST = 400
"""Characters of a service's own words that are shown."""
_REMEDIES = {
    "cli": "run 'az login', then try again",
    "service-principal": "check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET; has the secret expired?",
    "managed-identity": "this machine has no identity that Azure knows; choose another way in backends.azureml.auth",
    "device-code": "try again, and type the code within a quarter of an hour",
    "browser": "try again; without a browser on this machine use auth = 'device-code'",
}
_CODES = {
    "AADSTS7000215": "the secret of the service principal is wrong",
    "AADSTS7000222": "the secret of the service principal has expired",
    "AADSTS700016": "the tenant knows no application with this client id",
    "AADSTS90002": "there is no such tenant",
    "AADSTS50076": "the account needs a second factor, which only an interactive login can give",
    "AADSTS700082": "the login is too old; it has to be renewed",
}
"""Codes of Microsoft Entra ID, from its page "Error codes for authentication"."""


def _unanswered(error: Exception) -> bool:
    """Whether the login service said nothing at all; azure-identity calls that a failed login as well."""
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError

    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, (ServiceRequestError, ServiceResponseError)):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _silent(kind: str, said: str, seconds: float) -> Unreachable:
    waited = f"no answer from the login service for {round(seconds, 1):g} s"
    return Unreachable(
        f"can't log in to Azure ({kind}): {waited}: {said[:_LONGEST]}",
        remedy="check the network, a proxy or a firewall; then try again",
    )


def explained(kind: str, error: Exception, seconds: float) -> BackendError:
    """The error of a login as one that says what to do; the service's own words are shortened and masked.

    `seconds` is how long the login was waited for.
    """
    said = mask_text(" ".join(str(error).split()))
    if _unanswered(error):
        return _silent(kind, said, seconds)
    code = re.search(r"AADSTS\d+", said)
    known = _CODES.get(code.group()) if code else None
    words = known or said[:_LONGEST]
    return BackendError(f"can't log in to Azure ({kind}): {words}", remedy=_REMEDIES[kind])
