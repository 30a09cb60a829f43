"""The list of a dataset's files by content. Its own SHA-256 names the version, so it proves itself."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainferry_azureml.data.version import DatasetVersion

if TYPE_CHECKING:
    from collections.abc import Iterable

HEAD = "trainferry dataset 1"
"""First line: what this is, and the version of its form."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a file is, wherever it lies."""

    name: str
    bytes: int
    sha256: str
    """Hexadecimal; as `hashing.of_pieces` has it for a file over 8 MiB."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The text of a manifest, and the version that it describes."""

    text: bytes
    version: DatasetVersion

    @property
    def md5(self) -> bytes:
        """MD5 of the text, which the storage keeps with the blob."""
        return hashlib.md5(self.text, usedforsecurity=False).digest()


def manifest_of(files: Iterable[Content]) -> Manifest:
    r"""The manifest of these files: a line for each, sorted by name, `SHA256 BYTES "NAME"`, the name as in JSON."""
    ordered = sorted(files, key=lambda file: file.name)
    lines = [f"{file.sha256} {file.bytes} {json.dumps(file.name, ensure_ascii=False)}\n" for file in ordered]
    text = (HEAD + "\n" + "".join(lines)).encode()
    total = sum(file.bytes for file in ordered)
    return Manifest(text, DatasetVersion(hashlib.sha256(text).hexdigest(), len(ordered), total))
