"""What a service answered when it said no, in the user's terms."""

from typing import TYPE_CHECKING, Any

from trainferry.errors import BackendError
from trainferry.masking import mask_text

if TYPE_CHECKING:
    import requests

_LONGEST = 600
"""Characters of a service's own words that are shown; some answer with whole pages."""

_REMEDIES = {
    401: "log in again; 'ferry doctor azureml' tries the login",
    403: "ask the subscription's owner for the role 'AzureML Data Scientist' (or Contributor) on the workspace",
    404: "check the names in the settings: 'ferry config backends.azureml'",
    409: "something else is changing it at this moment; try again in a minute",
    429: "Azure takes no more requests for now; try again in a few minutes",
}


class ServiceError(BackendError):
    """An answer of a service that is no success. `status` is its HTTP status, `code` the service's own name for it."""

    def __init__(self, message: str, *, status: int, code: str = "", remedy: str = "") -> None:
        super().__init__(message, remedy=remedy or _REMEDIES.get(status, ""))
        self.status = status
        self.code = code


class Unreachable(BackendError):
    """No answer at all: refused, dropped, or too slow, for as long as it was tried."""


def service_error(answer: "requests.Response", doing: str) -> ServiceError:
    """The error that an answer stands for; `doing` says what was wanted, as in 'read the workspace x'."""
    code, words = _said(answer)
    named = f" {code}" if code else ""
    text = f"can't {doing}: Azure answered {answer.status_code}{named}{f': {words}' if words else ''}"
    remedy = ""
    if answer.status_code >= 500:  # noqa: PLR2004  (HTTP's own bound of what is the server's fault)
        remedy = "the fault is on Azure's side; try again, or look at the service's status page"
    return ServiceError(text, status=answer.status_code, code=code, remedy=remedy)


def _said(answer: "requests.Response") -> tuple[str, str]:
    try:
        data: Any = answer.json()
    except ValueError:
        return "", _short(answer.text)
    return words_of(data)


def words_of(data: Any) -> tuple[str, str]:
    """Code and message of an error as Azure's services write it, however deep it is wrapped."""
    inner = data
    while isinstance(inner, dict) and isinstance(inner.get("error"), dict):
        inner = inner["error"]
    if not isinstance(inner, dict):
        return "", _short(str(data)) if data else ""
    code = str(inner.get("code") or "")
    message = str(inner.get("message") or inner.get("messageFormat") or inner.get("Message") or "")
    return code, _short(message)


def _short(text: str) -> str:
    text = mask_text(" ".join(text.split()))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
