r"""Small files of ordered `key=value` fields, each ended by a NUL byte: exact for every text a process can be given.

JSON would cost the supervisor ten milliseconds of imports. `tr '\0' '\n' < state` shows such a file.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def encode(fields: Iterable[tuple[str, str]]) -> bytes:
    """The fields as bytes; ValueError for a key with `=`, or a text with a NUL, which no process could be given."""
    parts = []
    for key, value in fields:
        if "=" in key or "\0" in key or "\0" in value:
            raise ValueError(f"{key}: {value!r} holds a NUL byte")
        parts.append(os.fsencode(f"{key}={value}"))
    return b"".join(part + b"\0" for part in parts)


def decode(data: bytes) -> list[tuple[str, str]]:
    """The fields that `encode` wrote, in order."""
    fields = []
    for part in data.split(b"\0")[:-1]:
        key, _, value = os.fsdecode(part).partition("=")
        fields.append((key, value))
    return fields


def read(path: str) -> list[tuple[str, str]]:
    """The fields of a file; OSError if it can't be read."""
    with open(path, "rb") as stream:
        return decode(stream.read())


def write(path: str, fields: Iterable[tuple[str, str]]) -> None:
    """Write a file whole or not at all: a reader sees the old content or the new. Only its owner may read it."""
    part = f"{path}.{os.getpid()}.part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        data = encode(fields)
        while data:
            data = data[os.write(descriptor, data) :]
    except BaseException:
        os.unlink(part)
        raise
    finally:
        os.close(descriptor)
    os.replace(part, path)
