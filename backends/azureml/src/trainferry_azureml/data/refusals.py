"""What went wrong, in the user's terms: each way that storage, network or disk can say no becomes one clear error."""

from __future__ import annotations

import errno
import re
import socket
import ssl
import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from trainferry.errors import BackendError
from trainferry.masking import mask_text

if TYPE_CHECKING:
    from trainferry_azureml.data.connection import Answer

SKEW = 300
"""A clock that is off by more than this (seconds) is named as the cause: Azure refuses requests from 15 minutes on, and
takes keys that are valid from now on for not yet valid even before."""

REMEDIES = {
    "AuthenticationFailed": "the key or signature is not accepted: it was rotated, cut short or is for another account",
    "AuthorizationFailure": "the firewall of the storage account may keep this machine out, or the signature lacks a "
    "permission; it needs read, write, create and list on the container",
    "AuthorizationPermissionMismatch": "the signature lacks a permission; it needs read, write, create and list",
    "AuthorizationSourceIPMismatch": "the signature is bound to another address than this machine's",
    "KeyBasedAuthenticationNotPermitted": "the storage account allows no keys; give the datastore a signature",
    "AccountIsDisabled": "the subscription of the storage account is disabled; see its state in the portal",
    "ContainerNotFound": "correct the container of the datastore, or create it",
    "ContainerBeingDeleted": "wait until it is gone, and create it anew",
    "BlobImmutableDueToPolicy": "a policy of the container forbids to write it",
    "InvalidResourceName": "correct the name of the container",
}
"""What to do about a refusal, by the code that the Blob service gives it (Microsoft's list of its error codes)."""


def code_of(answer: Answer) -> str:
    """The service's own word for the error, such as `BlobNotFound`; empty if it gave none."""
    code = answer.headers.get("x-ms-error-code")
    return code or _element(answer.body, "Code")


def refused(answer: Answer, doing: str, place: str) -> BackendError:
    """The error for an answer that another try won't change."""
    code = code_of(answer)
    if skew := _skew(answer) if answer.status in (401, 403) else "":
        return BackendError(f"can't {doing}: {place} refuses the request because {skew}", remedy="set the clock right")
    said = mask_text(_element(answer.body, "Message").split("\n")[0])
    facts = " ".join(filter(None, (str(answer.status), code)))
    remedy = REMEDIES.get(code) or _by_status(answer.status)
    request = answer.headers.get("x-ms-request-id")
    tail = f" [request {request}]" if request and answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
    return BackendError(f"can't {doing}: {place} answered {facts}{': ' + said if said else ''}{tail}", remedy=remedy)


def gave_up(cause: Answer | Exception, doing: str, place: str, tries: int, seconds: float) -> BackendError:
    """The error for a request that failed again and again; `cause` is how it failed the last time."""
    often = f"{tries} times in {seconds:.0f} s" if tries > 1 else "once"
    if isinstance(cause, Exception):
        error = unreachable(cause, doing, place)
        waited = often if tries > 1 else f"once, for {seconds:.0f} s"
        return BackendError(f"{error.message} (tried {waited})", remedy=error.remedy)
    error = refused(cause, doing, place)
    return BackendError(
        f"{error.message} (tried {often})", remedy="the storage has a problem or is throttled; what was sent is kept"
    )


def permanent(error: Exception) -> bool:
    """Whether a connection that failed so will fail again."""
    if isinstance(error, socket.gaierror):
        return error.errno != socket.EAI_AGAIN
    return isinstance(error, ssl.SSLCertVerificationError)


def unreachable(error: Exception, doing: str, place: str) -> BackendError:
    """The error for a server that gave no answer."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return BackendError(
            f"can't {doing}: the certificate of {place} is not trusted: {error.verify_message}",
            remedy="if a proxy of your network re-signs it, name its certificate: export REQUESTS_CA_BUNDLE=FILE",
        )
    if isinstance(error, socket.gaierror):
        return BackendError(
            f"can't {doing}: the name of {place} is not known ({error.strerror})",
            remedy="check the name of the storage account, and the network",
        )
    if isinstance(error, TimeoutError):
        return BackendError(f"can't {doing}: {place} gave no answer in time", remedy="check the network and its proxy")
    reason = str(error) or type(error).__name__
    return BackendError(f"can't {doing}: no connection to {place}: {mask_text(reason)}", remedy="check the network")


def unreadable(error: OSError, path: str) -> BackendError:
    """The error for a local file that can't be read."""
    if error.errno in (errno.ENOENT, errno.ESTALE):
        return changed(path, "it is gone")
    return BackendError(f"can't read {path}: {error.strerror}", remedy="make it readable, or take it out of the folder")


def unwritable(error: OSError, path: str) -> BackendError:
    """The error for a local file that can't be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return BackendError(f"no room left on the disk for {path}", remedy="free some space, and run the same again")
    return BackendError(f"can't write {path}: {error.strerror}", remedy="choose another destination")


def changed(path: str, how: str) -> BackendError:
    """The error for a file that is not what it was when it was looked at."""
    return BackendError(
        f"{path} changed while it was uploaded: {how}",
        remedy="upload again when nothing writes to the folder; what was sent of the other files is kept",
    )


def _by_status(status: int) -> str:
    if status in (401, 403):
        return "check the key or signature of the datastore"
    if status == HTTPStatus.NOT_FOUND:
        return "check the address of the container"
    return "what was sent is kept; run the same again"


def _skew(answer: Answer) -> str:
    """How far this machine's clock is from the server's, in words, if that is too far."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except ValueError:
        return ""
    off = time.time() - theirs
    if abs(off) < SKEW:
        return ""
    return f"this machine's clock is {abs(off) / 60:.0f} minutes {'ahead of' if off > 0 else 'behind'} the storage's"


def _element(body: bytes, name: str) -> str:
    """Text of an element of an error answer; a pattern, because the answer may come from a proxy and be anything."""
    found = re.search(rf"<{name}>(.*?)</{name}>".encode(), body[:20_000], re.DOTALL)
    return found[1].decode(errors="replace").strip() if found else ""
