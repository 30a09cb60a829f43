"""Why a login failed, in the user's terms."""

import re

from trainferry.errors import BackendError
from trainferry.masking import mask_text

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


def explained(kind: str, error: Exception) -> BackendError:
    """The error of a login as one that says what to do; the service's own words are shortened and masked."""
    said = mask_text(" ".join(str(error).split()))
    code = re.search(r"AADSTS\d+", said)
    known = _CODES.get(code.group()) if code else None
    words = known or said[:400]
    return BackendError(f"can't log in to Azure ({kind}): {words}", remedy=_REMEDIES[kind])
