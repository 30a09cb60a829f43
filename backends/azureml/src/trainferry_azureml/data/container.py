"""The few requests of the Blob service that a transfer needs, each tried again while that can help."""

from __future__ import annotations

import base64
import hashlib
import http.client
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urlencode, urlsplit

from trainferry.errors import BackendError
from trainferry_azureml.data import refusals
from trainferry_azureml.data.access import API_VERSION, AccountKey, sign
from trainferry_azureml.data.answers import read_block_list, read_listing
from trainferry_azureml.data.attempts import Attempts, Stopped, may_pass
from trainferry_azureml.data.connection import Answer, Connections
from trainferry_azureml.data.patience import Gate, Patience

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from trainferry_azureml.data.access import ContainerAccess
    from trainferry_azureml.data.answers import Blob
    from trainferry_azureml.data.wire import Body

BINARY = {"content-type": "application/octet-stream"}
PAGE = 5000
"""Blobs in one page of a listing (count): the most that the service gives."""


class Container:
    """A blob container. Methods may be called from any thread, and raise BackendError with the cause, or Stopped."""

    def __init__(self, access: ContainerAccess, patience: Patience) -> None:
        self.access = access
        self.patience = patience
        self.gate = Gate()
        self.latency = float("inf")
        """The quickest answer so far (seconds)."""
        self._connections = Connections(access.url, patience.timeout)
        self._place = urlsplit(access.shown).netloc

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End what is under way and close all connections."""
        self.gate.stop()
        self._connections.close()

    def properties(self, name: str, doing: str) -> Mapping[str, str] | None:
        """Headers that describe a blob, or None if it is not there."""
        answer = self.request("HEAD", name, {}, {}, b"", doing)
        if answer.status == http.HTTPStatus.NOT_FOUND and refusals.code_of(answer) in ("BlobNotFound", ""):
            return None
        self._expect(answer, http.HTTPStatus.OK, doing)
        return answer.headers

    def put_blob(self, name: str, body: bytes, md5: bytes, doing: str) -> None:
        """Write a whole blob; the service compares the body with `md5`, keeps that with the blob, and says it."""
        headers = {"x-ms-blob-type": "BlockBlob", "content-md5": encoded(md5), **BINARY}
        answer = self.request("PUT", name, {}, headers, body, doing)
        self._expect(answer, http.HTTPStatus.CREATED, doing)
        self._expect_md5(answer, md5, doing)

    def put_block(self, name: str, block: str, body: Body, md5: bytes, doing: str) -> None:
        """Write one block of a blob; it lies apart, for a week at most, until `put_block_list` names it."""
        query = {"comp": "block", "blockid": block}
        headers = {"content-md5": encoded(md5), **BINARY}
        self._expect(self.request("PUT", name, query, headers, body, doing), http.HTTPStatus.CREATED, doing)

    def put_block_list(self, name: str, blocks: Iterable[str], md5: bytes, doing: str) -> None:
        """Make a blob of its blocks; `md5` is that of the whole, and kept with the blob."""
        items = "".join(f"<Latest>{block}</Latest>" for block in blocks)
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{items}</BlockList>'.encode()
        headers = {
            "x-ms-blob-content-md5": encoded(md5),
            "x-ms-blob-content-type": BINARY["content-type"],
            "content-md5": encoded(hashlib.md5(body, usedforsecurity=False).digest()),
            "content-type": "application/xml",
        }
        answer = self.request("PUT", name, {"comp": "blocklist"}, headers, body, doing)
        self._expect(answer, http.HTTPStatus.CREATED, doing)

    def blocks(self, name: str, doing: str) -> frozenset[str]:
        """Ids of the blocks that were written of a blob and not yet made part of it."""
        answer = self.request("GET", name, {"comp": "blocklist", "blocklisttype": "uncommitted"}, {}, b"", doing)
        if answer.status == http.HTTPStatus.NOT_FOUND and refusals.code_of(answer) == "BlobNotFound":
            return frozenset()
        self._expect(answer, http.HTTPStatus.OK, doing)
        return read_block_list(answer.body)

    def list(self, prefix: str, doing: str) -> Iterator[Blob]:
        """Every blob below a prefix, by name; one request for each 5,000."""
        marker = ""
        while True:
            query = {"restype": "container", "comp": "list", "prefix": prefix, "maxresults": str(PAGE)}
            if marker:
                query["marker"] = marker
            answer = self.request("GET", "", query, {}, b"", doing)
            self._expect(answer, http.HTTPStatus.OK, doing)
            blobs, marker = read_listing(answer.body)
            yield from blobs
            if not marker:
                return

    def _expect(self, answer: Answer, status: int, doing: str) -> None:
        if answer.status != status:
            raise refusals.refused(answer, doing, self._place)

    def _expect_md5(self, answer: Answer, md5: bytes, doing: str) -> None:
        """Whoever answers without the MD5 of what it stored (a gateway, say) has proved nothing."""
        if answer.headers.get("content-md5") != encoded(md5):
            raise BackendError(
                f"can't {doing}: {self._place} stored the data, it says, but not with the MD5 that it was sent with",
                remedy="look for a proxy or gateway between here and the storage that changes requests or answers",
            )

    def request(
        self, method: str, name: str, query: Mapping[str, str], headers: Mapping[str, str], body: Body, doing: str
    ) -> Answer:
        """Send a request until it gets an answer that another try won't change, or patience ends."""
        attempts = Attempts(self.patience, self.gate, doing, self._place)
        for _ in attempts:
            outcome = self._try(method, name, query, headers, body)
            if isinstance(outcome, Answer) and not may_pass(outcome):
                self.latency = min(self.latency, outcome.seconds)
                return outcome
            attempts.failed(outcome)
        raise Stopped

    def _try(
        self, method: str, name: str, query: Mapping[str, str], headers: Mapping[str, str], body: Body
    ) -> Answer | Exception:
        path = self.access.path + ("/" + quote(name, safe="/~") if name else "")
        sent = {**headers, "x-ms-version": API_VERSION}
        if method == "PUT":
            sent["content-length"] = str(len(body))
        credential = self.access.credential
        if isinstance(credential, AccountKey):
            sign(credential, method, path, query, sent)
        else:
            query = {**query, **credential.query()}
        target = path + ("?" + urlencode(query, quote_via=quote) if query else "")
        try:
            return self._connections.exchange(method, target, sent, body)
        except (OSError, http.client.HTTPException) as error:
            return error


def encoded(digest: bytes) -> str:
    """A digest as the service writes it."""
    return base64.b64encode(digest).decode()
