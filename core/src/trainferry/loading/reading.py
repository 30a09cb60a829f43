"""From the bytes of a job file to its text."""

import codecs
import re
from pathlib import Path

from trainferry.errors import FerryError, JobFileError, Location

LARGEST = 1_000_000
"""Most bytes that a job file may have; a real one has about a thousand."""

_BOMS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_UNPRINTABLE = r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""What YAML allows nowhere in a file (section 5.1 of its specification)."""
_PLAIN = r"[^\t\n\r\x20-\x7e]"
"""The same for a file that is all ASCII: compiling the other takes longer than reading a file."""

_UTF8 = "save it as UTF-8; editors offer this as 'Save with Encoding'"


def read_text(path: Path) -> str:
    """The text of a job file. Raises JobFileError if it is missing, unreadable, too large, empty or no UTF-8 text."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise JobFileError([_unreadable(path, error)]) from error
    if len(data) > LARGEST:
        raise _refusal(
            path,
            f"is larger than {LARGEST // 1_000_000} MB, which no job file is",
            "is this the right file? Data belongs under datasets, packages under environment.pip",
        )
    text = _decode(path, data)
    bad = re.search(_PLAIN if text.isascii() else _UNPRINTABLE, text)
    if bad:
        where = _place(path, text[: bad.start()])
        raise JobFileError(
            [
                FerryError(
                    f"the character U+{ord(bad[0]):04X} can't stand in a job file", where=where, remedy="remove it"
                )
            ]
        )
    if not any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines()):
        raise _refusal(path, "is empty", "'ferry init' writes a job file to start from")
    return text


def _decode(path: Path, data: bytes) -> str:
    for bom, name in _BOMS:
        if data.startswith(bom):
            raise _refusal(path, f"is {name}, not UTF-8", _UTF8)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = _place(path, data[: error.start].decode("utf-8-sig", "replace"))
        message = f"not UTF-8: the byte 0x{data[error.start]:02x} at offset {error.start} begins no character"
        raise JobFileError([FerryError(message, where=where, remedy=_UTF8)]) from error


def _place(path: Path, before: str) -> Location:
    """The place after the text `before`."""
    line = before.count("\n") + 1
    return Location(str(path), line, len(before) - (before.rfind("\n") + 1) + 1)


def _refusal(path: Path, what: str, remedy: str) -> JobFileError:
    return JobFileError([FerryError(f"the job file {what}", where=Location(str(path)), remedy=remedy)])


def _unreadable(path: Path, error: OSError) -> FerryError:
    where = Location(str(path))
    if isinstance(error, IsADirectoryError):
        inside = sorted(entry.name for entry in path.iterdir() if entry.suffix in (".yaml", ".yml"))
        remedy = f"did you mean {path / inside[0]}?" if inside else "give the path of the job file itself"
        return FerryError("this is a folder, not a job file", where=where, remedy=remedy)
    if isinstance(error, FileNotFoundError):
        return FerryError("there is no such job file", where=where, remedy=_nearby(path))
    return FerryError(f"can't read the job file: {error.strerror}", where=where, remedy="make it readable: chmod +r")


def _nearby(path: Path) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  (only when something went wrong)

    if not path.parent.is_dir():
        return f"the folder {path.parent} is not there either"
    names = sorted(entry.name for entry in path.parent.iterdir() if entry.suffix in (".yaml", ".yml", ".json"))
    close = get_close_matches(path.name, names, n=1)
    if close:
        return f"did you mean {path.parent / close[0]}?"
    return f"found there: {', '.join(names[:5])}" if names else "'ferry init' writes a job file to start from"
