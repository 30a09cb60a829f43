"""A ZIP archive of images in class folders, read as if a stranger had made it to do harm.

All is checked before anything is written: names that point elsewhere, links, duplicates, encryption, and contents that
unpack to far more than the archive's size.
"""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

MOST_MEMBERS = 100_000
MOST_BYTES = 2 * 2**30
MOST_IMAGE_BYTES = 64 * 2**20
MOST_RATIO = 100
"""Unpacked over packed size of one member. Photographs hardly shrink; deflate itself ends at about 1,030."""

SUFFIXES = (".jpg", ".jpeg", ".png")
FIRST_BYTES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
CLUTTER = ("__MACOSX", ".DS_Store", "Thumbs.db")
"""What file managers add; left out."""

Members = dict[str, list[zipfile.ZipInfo]]
"""The images of each class."""


class BadArchive(Exception):
    """The archive can't be used; the text says why, to go after its name."""


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive for reading. Raises BadArchive if it is no ZIP archive, or proves damaged while it is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError as error:
        raise BadArchive("there is no such file") from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error) as error:
        raise BadArchive(f"it is damaged, or no ZIP archive ({error}); download it again") from error


def image_members(archive: zipfile.ZipFile) -> Members:
    """The images by class, which is the name of the folder they are in. Raises BadArchive for anything suspicious."""
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise BadArchive(f"it lists {len(infos):,} members, more than {MOST_MEMBERS:,}")
    total = sum(info.file_size for info in infos)
    if total > MOST_BYTES:
        raise BadArchive(f"it would unpack to {total:,} bytes, more than {MOST_BYTES:,}")
    seen: set[str] = set()
    members: Members = {}
    for info in infos:
        check_member(info)
        if info.filename.casefold() in seen:
            raise BadArchive(f"it holds {info.filename!r} twice, or in two spellings")
        seen.add(info.filename.casefold())
        path = PurePosixPath(info.filename)
        if info.is_dir() or any(part in CLUTTER for part in path.parts) or path.suffix.lower() not in SUFFIXES:
            continue
        if path.parent == PurePosixPath("."):
            raise BadArchive(f"the image {info.filename!r} is in no class folder")
        members.setdefault(path.parent.name, []).append(info)
    if not members:
        raise BadArchive(f"it holds no images ({', '.join(SUFFIXES)})")
    for name, images in members.items():
        if len({PurePosixPath(info.filename).name for info in images}) < len(images):
            raise BadArchive(f"two of its folders named {name!r} hold an image of the same name")
    return members


def check_member(info: zipfile.ZipInfo) -> None:
    """Raise BadArchive if this member's name, kind or size is not that of an honest image."""
    # `orig_filename` is what the archive says; zipfile itself cuts it at a NUL and turns backslashes where they part.
    name = info.orig_filename
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or "\\" in name or "\0" in name or ":" in name or not {"", ".", ".."}.isdisjoint(parts):
        raise BadArchive(f"the member name {name!r} could lead out of the output folder")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BadArchive(f"{name!r} is a link or a special file")
    if info.flag_bits & 0x1:
        raise BadArchive(f"{name!r} is encrypted")
    if info.file_size > MOST_IMAGE_BYTES or info.file_size > MOST_RATIO * max(info.compress_size, 1024):
        raise BadArchive(f"{name!r} would unpack from {info.compress_size:,} to {info.file_size:,} bytes")


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """One image's bytes, their checksum checked. Raises BadArchive if they don't begin like an image."""
    data = archive.read(info)
    if not data.startswith(FIRST_BYTES):
        raise BadArchive(f"{info.filename!r} is named like an image but is none")
    return data
