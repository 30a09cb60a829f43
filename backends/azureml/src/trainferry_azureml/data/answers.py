"""Reads the XML that the Blob service answers with. A document type is refused: it is all that makes XML dangerous."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote
from xml.parsers import expat

from trainferry.errors import BackendError


@dataclass(frozen=True, slots=True)
class Blob:
    """One blob of a listing."""

    name: str
    bytes: int
    md5: str
    """MD5 of the content, in base64; empty if the service has none."""


def read_listing(body: bytes) -> tuple[list[Blob], str]:
    """The blobs of one page, and the marker of the next page; empty if this is the last one."""
    blobs: list[Blob] = []
    found: dict[str, str] = {}
    marker = ""
    for path, text in _leaves(body):
        if path.endswith("/Blobs/Blob"):
            blobs.append(
                Blob(found.get("Name", ""), int(found.get("Content-Length") or 0), found.get("Content-MD5", ""))
            )
            found = {}
        elif path.endswith(("/Blob/Name", "/Properties/Content-Length", "/Properties/Content-MD5")):
            found[path.rpartition("/")[2]] = text
        elif path == "/EnumerationResults/NextMarker":
            marker = text
    return blobs, marker


def read_block_list(body: bytes) -> frozenset[str]:
    """Ids of all blocks that a block list names."""
    return frozenset(text for path, text in _leaves(body) if path.endswith("/Block/Name"))


def _leaves(body: bytes) -> list[tuple[str, str]]:
    """Each element as its path and the text in it, in the order they end; names marked Encoded are decoded."""
    ended: list[tuple[str, str]] = []
    path: list[str] = [""]
    text: list[str] = []
    encoded = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal encoded
        path.append(name)
        text.clear()
        encoded = attributes.get("Encoded") == "true"

    def end(_name: str) -> None:
        content = "".join(text)
        ended.append(("/".join(path), unquote(content) if encoded else content))
        path.pop()
        text.clear()

    def doctype(*_: object) -> None:
        raise BackendError("the storage answered with a document type, which it never does", remedy="check the proxy")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text.append
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(body.removeprefix(b"\xef\xbb\xbf"), True)  # noqa: FBT003  (it takes no keyword)
    except expat.ExpatError as error:
        raise BackendError(
            f"the storage answered with something that is no list: {error}",
            remedy="check that the address of the container is right, and the proxy",
        ) from error
    return ended
