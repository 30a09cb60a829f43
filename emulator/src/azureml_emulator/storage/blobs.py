"""What the services do with blobs: containers, lists, reads, writes, and signed URLs for clients."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import httpx

from azureml_emulator.certificates import client_context
from azureml_emulator.storage.azurite import Azurite
from azureml_emulator.storage.sas import account_sas, service_sas

READ_PERMISSIONS = "r"
WRITE_PERMISSIONS = "racwd"
PART = 4 * 1024 * 1024
"""Bytes of one block when a file is written: what a single request may hold is far more, but memory is shared."""
ASIDE = "emulator-aside"
"""Folder for the content of a log while it is written anew: an append blob takes 50,000 blocks, and then no more."""
TIMEOUT = 60.0


class BlobError(Exception):
    """Storage refused or failed; the message names request and answer."""


@dataclass(frozen=True, slots=True)
class Blob:
    """One blob of a list."""

    name: str
    size: int
    etag: str
    """Another one whenever the content is."""


class Blobs:
    """The account's blobs; safe to use from many threads."""

    def __init__(self, azurite: Azurite) -> None:
        self._azurite = azurite
        self._sas = account_sas(azurite.account, azurite.key, datetime.now(UTC))
        self._made: set[str] = set()
        self._lock = threading.Lock()
        context = client_context(azurite.certificates.authority)
        # Straight to loopback, whatever proxies this machine has; the secret keeps faults for clients away from us.
        secret = {"x-emulator-secret": azurite.secret}
        self._client = httpx.Client(verify=context, timeout=TIMEOUT, trust_env=False, headers=secret)

    @property
    def endpoint(self) -> str:
        """The `endpoint` of a datastore: the SDK makes `https://ACCOUNT.blob.ENDPOINT` of it.

        What stands before the `@` is taken for the user of the URL, so the name is never looked up.
        """
        return f"@127.0.0.1:{self._azurite.port}"

    @property
    def account(self) -> str:
        """Name of the account."""
        return self._azurite.account

    @property
    def key(self) -> str:
        """Key of the account, in base64."""
        return self._azurite.key

    def url(self, container: str, blob: str | None, permissions: str) -> str:
        """A URL that allows `permissions` to whoever has it, written as the SDK expects blob URLs."""
        query = service_sas(self.account, self.key, container, blob, permissions, datetime.now(UTC))
        path = container if blob is None else f"{container}/{quote(blob)}"
        return f"https://{self.account}.blob.{self.endpoint}/{path}?{query}"

    def _url(self, path: str, query: str = "") -> str:
        extra = f"{query}&" if query else ""
        return f"https://127.0.0.1:{self._azurite.port}/{self.account}/{path}?{extra}{self._sas}"

    def _request(
        self, method: str, path: str, query: str = "", *, ok: tuple[int, ...], **arguments: object
    ) -> httpx.Response:
        try:
            answer = self._client.request(method, self._url(path, query), **arguments)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise BlobError(f"{method} {path}: {type(error).__name__}: {error}") from error
        if answer.status_code not in ok:
            raise BlobError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer

    def ensure_container(self, container: str) -> None:
        """Make a container unless it is there."""
        with self._lock:
            if container in self._made:
                return
        self._request("PUT", container, "restype=container", ok=(201, 409))
        with self._lock:
            self._made.add(container)

    def delete_container(self, container: str) -> None:
        """Delete a container with all that is in it, if it is there."""
        with self._lock:
            self._made.discard(container)
        self._request("DELETE", container, "restype=container", ok=(202, 404))

    def find(self, container: str, prefix: str = "") -> Iterator[Blob]:
        """The blobs whose name starts with `prefix`, by name; none if there is no such container."""
        marker = ""
        while True:
            query = f"restype=container&comp=list&prefix={quote(prefix, safe='')}&marker={quote(marker, safe='')}"
            answer = self._request("GET", container, query, ok=(200, 404))
            if answer.status_code != httpx.codes.OK:
                return
            page = ET.fromstring(answer.content)  # noqa: S314  (from our own Azurite on loopback)
            for item in page.iter("Blob"):
                size = item.findtext("Properties/Content-Length") or "0"
                yield Blob(item.findtext("Name") or "", int(size), item.findtext("Properties/Etag") or "")
            marker = page.findtext("NextMarker") or ""
            if not marker:
                return

    def read(self, container: str, blob: str) -> bytes:
        """The content of one blob; BlobError if there is none."""
        return self._request("GET", f"{container}/{quote(blob)}", ok=(200,)).content

    def read_if_there(self, container: str, blob: str) -> bytes | None:
        """The content of one blob, None if there is none."""
        answer = self._request("GET", f"{container}/{quote(blob)}", ok=(200, 404))
        return answer.content if answer.status_code == httpx.codes.OK else None

    def download(self, container: str, blob: str, file: Path) -> None:
        """Write a blob to a file, whole or not at all."""
        part = file.with_name(f"{file.name}.{threading.get_ident()}.part")
        try:
            with self._client.stream("GET", self._url(f"{container}/{quote(blob)}")) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise BlobError(f"GET {container}/{blob}: {answer.status_code}")
                with part.open("wb") as stream:
                    for chunk in answer.iter_raw(PART):
                        stream.write(chunk)
        except httpx.HTTPError as error:
            raise BlobError(f"GET {container}/{blob}: {type(error).__name__}: {error}") from error
        part.replace(file)

    def write(self, container: str, blob: str, content: bytes) -> None:
        """Write one blob, in place of one that may be there."""
        headers = {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2020-12-06"}
        self._request("PUT", f"{container}/{quote(blob)}", ok=(201,), content=content, headers=headers)

    def upload(self, container: str, blob: str, file: Path) -> None:
        """Write a file to a blob: in one request if it is small, else block by block."""
        if file.stat().st_size <= PART:
            self.write(container, blob, file.read_bytes())
            return
        path = f"{container}/{quote(blob)}"
        blocks: list[str] = []
        with file.open("rb") as stream:
            while chunk := stream.read(PART):
                block = f"{len(blocks):08d}".encode().hex()
                self._request("PUT", path, f"comp=block&blockid={block}", ok=(201,), content=chunk)
                blocks.append(f"<Latest>{block}</Latest>")
        listing = f"<?xml version='1.0' encoding='utf-8'?><BlockList>{''.join(blocks)}</BlockList>"
        self._request("PUT", path, "comp=blocklist", ok=(201,), content=listing.encode())

    def append(self, container: str, blob: str, offset: int, data: bytes) -> None:
        """Append to a blob what starts at `offset` of it; what is there already is not appended again."""
        path = f"{container}/{quote(blob)}"
        if offset == 0:
            headers = {
                "x-ms-blob-type": "AppendBlob",
                "if-none-match": "*",
                "content-type": "text/plain; charset=utf-8",
            }
            self._request("PUT", path, ok=(201, 409), headers=headers)
        for start in range(0, len(data), PART):
            self._append_part(container, blob, offset + start, data[start : start + PART])

    def _append_part(self, container: str, blob: str, start: int, part: bytes) -> None:
        path = f"{container}/{quote(blob)}"
        headers = {"x-ms-blob-condition-appendpos": str(start)}
        answer = self._request("PUT", path, "comp=appendblock", ok=(201, 409, 412), content=part, headers=headers)
        if answer.status_code == httpx.codes.CONFLICT:
            if answer.headers.get("x-ms-error-code") != "BlockCountExceedsLimit":
                raise BlobError(f"append to {path} at {start}: 409 {answer.text[:300]}")
            self.write(container, f"{ASIDE}/{blob}", self.read(container, blob))
            self._put_back(container, blob)
            self._append_part(container, blob, start, part)
        elif answer.status_code == httpx.codes.PRECONDITION_FAILED:
            there = int(self._request("HEAD", path, ok=(200,)).headers["content-length"])
            if there < start + len(part):
                if not self._put_back(container, blob):
                    raise BlobError(f"append to {path} at {start}: it has {there} bytes")
                self._append_part(container, blob, start, part)

    def _put_back(self, container: str, blob: str) -> bool:
        """Write a blob anew, in as few blocks as can be, from what was put aside; False if nothing was.

        A kill in between leaves half a blob, and all of it aside: the next append finds that out and comes here again.
        """
        whole = self.read_if_there(container, f"{ASIDE}/{blob}")
        if whole is None:
            return False
        path = f"{container}/{quote(blob)}"
        headers = {"x-ms-blob-type": "AppendBlob", "content-type": "text/plain; charset=utf-8"}
        self._request("PUT", path, ok=(201,), headers=headers)
        for start in range(0, len(whole), PART):
            self._request("PUT", path, "comp=appendblock", ok=(201,), content=whole[start : start + PART])
        self.delete(container, f"{ASIDE}/{blob}")
        return True

    def delete(self, container: str, blob: str) -> None:
        """Delete a blob, if it is there."""
        self._request("DELETE", f"{container}/{quote(blob)}", ok=(202, 404))

    def set_faults(self, rules: list[dict[str, object]]) -> list[dict[str, int]]:
        """Tell Azurite's process which faults to do; returns how often each struck."""
        url = f"https://127.0.0.1:{self._azurite.port}/emulator/faults"
        answer = self._client.put(url, json=rules)
        found: list[dict[str, int]] = answer.json()
        return found

    def faults(self) -> list[dict[str, int]]:
        """How often each fault of storage struck."""
        url = f"https://127.0.0.1:{self._azurite.port}/emulator/faults"
        found: list[dict[str, int]] = self._client.get(url).json()
        return found

    def requests(self, since: int) -> dict[str, Any]:
        """What clients, not the services, asked of storage since number `since`, and the number to ask from next."""
        url = f"https://127.0.0.1:{self._azurite.port}/emulator/requests"
        found: dict[str, Any] = self._client.get(url, params={"since": since}).json()
        return found

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
