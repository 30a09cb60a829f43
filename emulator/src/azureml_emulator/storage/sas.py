"""Shared access signatures: URLs that allow one thing for some hours, signed with the account's key.

The strings to sign are those of storage's "Create a service SAS" and "Create an account SAS",
service version 2020-12-06.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from urllib.parse import urlencode

VERSION = "2020-12-06"
LIFETIME = timedelta(days=30)
"""Long enough for a run that is followed for weeks; storage checks it by the machine's clock."""
LEEWAY = timedelta(minutes=15)


def _sign(key: str, text: str) -> str:
    digest = hmac.new(base64.b64decode(key), text.encode("utf-8"), hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


def _times(now: datetime) -> tuple[str, str]:
    form = "%Y-%m-%dT%H:%M:%SZ"
    return (now - LEEWAY).strftime(form), (now + LIFETIME).strftime(form)


def service_sas(account: str, key: str, container: str, blob: str | None, permissions: str, now: datetime) -> str:
    """The query that allows `permissions` (of `racwdl`, in that order) on a blob, or on a container without `blob`."""
    start, expiry = _times(now)
    resource = "c" if blob is None else "b"
    name = f"/blob/{account}/{container}" + ("" if blob is None else f"/{blob}")
    # The empty lines: identifier, IP range; then snapshot, encryption scope, and five headers of the answer.
    parts = [permissions, start, expiry, name, "", "", "https,http", VERSION, resource, *[""] * 7]
    query = {"sv": VERSION, "st": start, "se": expiry, "sr": resource, "sp": permissions, "spr": "https,http"}
    return urlencode({**query, "sig": _sign(key, "\n".join(parts))})


def account_sas(account: str, key: str, now: datetime) -> str:
    """The query that allows everything on the account's blobs."""
    start, expiry = _times(now)
    permissions, services, types = "rwdlacup", "b", "sco"
    parts = [account, permissions, services, types, start, expiry, "", "https,http", VERSION, "", ""]
    query = {"sv": VERSION, "ss": services, "srt": types, "sp": permissions, "st": start, "se": expiry}
    return urlencode({**query, "spr": "https,http", "sig": _sign(key, "\n".join(parts))})
