"""Whether a file is the picture, archive or table that its name says. Reads the first and last bytes, rarely all."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

PICTURES = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".png": "PNG",
    ".gif": "GIF",
    ".bmp": "BMP",
    ".webp": "WebP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
OTHERS = {
    ".npy": b"\x93NUMPY",
    ".npz": b"PK",
    ".zip": b"PK",
    ".keras": b"PK",
    ".h5": b"\x89HDF\r\n\x1a\n",
    ".hdf5": b"\x89HDF\r\n\x1a\n",
    ".parquet": b"PAR1",
    ".gz": b"\x1f\x8b",
    ".pdf": b"%PDF",
}
"""How files of these kinds begin (their formats' specifications)."""
TABLES = frozenset({".csv", ".tsv", ".json", ".jsonl"})
"""Text that is read as UTF-8 unless the script says otherwise."""
CHECKED = (
    frozenset(PICTURES)
    | frozenset(OTHERS)
    | {".csv", ".tsv", ".json", ".jsonl", ".tfrecord", ".pt", ".pth", ".pkl", ".txt", ".wav", ".mp3"}
)
"""Endings of files that are opened; the rest counts by name and size only."""

_BEGINNINGS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"%PDF", "PDF"),
    (b"8BPS", "PSD"),
)
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_SEGMENTS = 40
"""Segments of a JPEG that are passed over to find its frame header."""
_POINTER = b"version https://git-lfs.github.com/spec/"
_HEAD = 64
_TAIL = 4096
_TEXT = 256_000
"""Bytes of a text that are decoded."""
_LARGEST = 64_000_000
"""Bytes of a JPEG that is read whole to find its end."""


def verdict(path: str, size: int) -> str:
    """What is wrong with a file, in a word and what follows it; empty if nothing is.

    `empty`, `pointer`, `broken TEXT`, `cut`, `coded` for a text that isn't UTF-8, `printed` for a picture in the
    colours of print, `is KIND` for another kind.
    Raises OSError if it can't be read.
    """
    ending = os.path.splitext(path)[1].lower()
    if not size:
        return "empty"
    with open(path, "rb") as stream:
        head = stream.read(_HEAD)
        if head.startswith(_POINTER):
            return "pointer"
        if ending in OTHERS:
            return "" if head.startswith(OTHERS[ending]) else f"broken {_said(head)}"
        if ending in TABLES:
            return "" if _is_utf8(head + stream.read(_TEXT)) else "coded"
        if ending not in PICTURES:
            return ""
        kind = kind_of(head)
        if kind is None:
            return f"broken {_said(head)}"
        stream.seek(max(0, size - _TAIL))
        tail = stream.read(_TAIL)
        if _is_cut(kind, head, tail, size) and not (kind == "JPEG" and size <= _LARGEST and _ends_somewhere(stream)):
            return "cut"
        if kind == "JPEG" and _components(stream) == 4:  # noqa: PLR2004  (cyan, magenta, yellow, black)
            return "printed" if PICTURES[ending] == kind else f"is {kind}"
        if kind == "GIF" and not _gif_ends(stream, size):
            return "cut"
    return "" if kind == PICTURES[ending] else f"is {kind}"


def _is_utf8(content: bytes) -> bool:
    """Whether bytes are UTF-8; a letter that is cut at the end doesn't count."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return len(content) - error.start < 4 and len(content) >= _TEXT  # noqa: PLR2004  (bytes of the longest letter)
    return True


def kind_of(head: bytes) -> str | None:
    """The kind of picture that these first bytes begin; None if it is none."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif", b"ftypheim"):
        return "HEIF"
    return next((kind for beginning, kind in _BEGINNINGS if head.startswith(beginning)), None)


def _said(head: bytes) -> str:
    """The first bytes in words."""
    text = head[:24].decode("latin-1")
    plain = "".join(char if " " <= char <= "~" else "." for char in text)
    return f"it begins with '{plain}'"


def _is_cut(kind: str, head: bytes, tail: bytes, size: int) -> bool:
    match kind:
        case "JPEG":
            return b"\xff\xd9" not in tail[-64:]
        case "PNG":
            return b"IEND" not in tail
        case "BMP":
            stated = int.from_bytes(head[2:6], "little")
            return stated > 54 and size < stated  # noqa: PLR2004  (a header's length; some write 0 there)
        case "WebP":
            return size < int.from_bytes(head[4:8], "little") + 8
    return False


def _ends_somewhere(stream: "BinaryIO") -> bool:
    """Whether a JPEG has its end before something that was put after it. A preview inside ends before the last scan."""
    stream.seek(0)
    content = stream.read()
    return content.rfind(b"\xff\xd9") > content.rfind(b"\xff\xda")


def _components(stream: "BinaryIO") -> int:
    """Colours of a JPEG, from its frame header (ITU T.81, B.2.2); 0 if there is none near its beginning."""
    position = 2
    for _ in range(_SEGMENTS):
        stream.seek(position)
        head = stream.read(10)
        if len(head) < 10 or head[0] != 0xFF:  # noqa: PLR2004
            return 0
        if head[1] in _FRAMES:
            return head[9]
        position += 2 + int.from_bytes(head[2:4])
    return 0


def _gif_ends(stream: "BinaryIO", size: int) -> bool:
    """Whether a GIF's blocks go on to its trailer; its byte may as well be a pixel's (GIF89a, sections 15 to 27)."""
    stream.seek(10)
    flags = stream.read(1)
    position = 13 + _gif_colours(flags)
    while position < size:
        stream.seek(position)
        match stream.read(1):
            case b"\x3b":
                return True
            case b"\x21":  # an extension: its label, then blocks of data
                position += 2
            case b"\x2c":  # an image: where it lies, its colours, the size of its codes, then blocks of data
                stream.seek(position + 9)
                position += 11 + _gif_colours(stream.read(1))
            case _:
                return False
        stream.seek(position)
        while count := stream.read(1):
            position += 1 + count[0]
            if not count[0]:
                break
            stream.seek(position)
    return False


def _gif_colours(flags: bytes) -> int:
    """Bytes of the table of colours that these flags announce."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0
