"""Where data goes and with which key: a blob container, as plain data that never shows its secret."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from trainferry.errors import BackendError
from trainferry.masking import MASK

if TYPE_CHECKING:
    from collections.abc import Mapping

API_VERSION = "2021-12-02"
"""Version of the Blob service's REST interface that is asked for: blocks of up to 4,000 MiB came in 2019-12-12."""


@dataclass(frozen=True, slots=True)
class AccountKey:
    """The key of a storage account; each request is signed with it, so it is never sent."""

    account: str
    key: str = field(repr=False)

    def __repr__(self) -> str:
        """Only the account."""
        return f"AccountKey(account={self.account!r}, key={MASK!r})"

    def secret(self) -> bytes:
        """The key as bytes; raises BackendError if it is no base64, without showing it."""
        try:
            return base64.b64decode(self.key, validate=True)
        except binascii.Error as error:
            raise BackendError(
                f"the key of the storage account '{self.account}' is not valid base64",
                remedy="copy it anew: az storage account keys list --account-name " + self.account,
            ) from error


@dataclass(frozen=True, slots=True)
class Sas:
    """A shared access signature: the part of an address after `?`; it needs read, write, create and list."""

    token: str = field(repr=False)

    def __repr__(self) -> str:
        """Nothing of it."""
        return f"Sas(token={MASK!r})"

    def query(self) -> dict[str, str]:
        """Its parameters, decoded."""
        return dict(parse_qsl(self.token.lstrip("?"), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class ContainerAccess:
    """A blob container and what opens it.

    `url` is the address of the container, such as `https://ACCOUNT.blob.core.windows.net/CONTAINER`, or path-style as
    Azurite has it, `http://127.0.0.1:10000/devstoreaccount1/CONTAINER`. User information in it (`https://x@host/`) is
    left out of what is sent. Raises BackendError if it is no such address, or plain http to another machine.
    """

    url: str
    credential: AccountKey | Sas

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or not parts.path.strip("/"):
            raise BackendError(
                f"not the address of a blob container: {self.shown}",
                remedy="it looks like https://ACCOUNT.blob.core.windows.net/CONTAINER",
            )
        if parts.query or parts.fragment:
            raise BackendError(
                f"the address of a container ends with its name: {self.shown}",
                remedy="give what follows the '?' as the credential, Sas(token)",
            )
        require_safe(self.url)

    @property
    def shown(self) -> str:
        """The address without user information, query or secret, for messages."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}{parts.path}"

    @property
    def path(self) -> str:
        """Path of the container in a request, encoded, without a slash at the end."""
        return quote(unquote(urlsplit(self.url).path.rstrip("/")), safe="/~")

    @property
    def container(self) -> str:
        """Name of the container."""
        return unquote(self.path.rpartition("/")[2])


def require_safe(url: str) -> None:
    """Raise BackendError for an address that data or keys would travel to unencrypted, other than this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise BackendError(
            f"won't send or fetch data or keys unencrypted: {parts.scheme}://{parts.netloc.rpartition('@')[2]}",
            remedy="use the https address",
        )


def sign(key: AccountKey, method: str, path: str, query: Mapping[str, str], headers: dict[str, str]) -> None:
    """Add `x-ms-date` and `Authorization` for a request to `headers`, whose names are lower-case.

    `path` is the encoded path of the request; a Shared Key signature as in "Authorize with Shared Key" of Microsoft's
    Storage Services REST reference: every x-ms header and every parameter, sorted, and a few standard headers.
    """
    headers["x-ms-date"] = formatdate(usegmt=True)
    length = headers.get("content-length", "")
    standard = [
        headers.get(name, "")
        for name in ("content-md5", "content-type", "date", "if-modified-since", "if-match", "if-none-match")
    ]
    parts = [method, "", "", "" if length == "0" else length, *standard, "", headers.get("range", "")]
    parts += [f"{name}:{headers[name]}" for name in sorted(headers) if name.startswith("x-ms-")]
    parts.append(f"/{key.account}{path}")
    parts += [f"{name}:{query[name]}" for name in sorted(query)]
    digest = hmac.new(key.secret(), "\n".join(parts).encode(), hashlib.sha256).digest()
    headers["authorization"] = f"SharedKey {key.account}:{base64.b64encode(digest).decode()}"
