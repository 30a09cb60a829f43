"""Where a script failed, read off its log."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_HEAD = "Traceback (most recent call last):"
_FRAME = re.compile(r'^\s+File "(?P<file>[^"]+)", line (?P<line>\d+)')
_EXCEPTION = re.compile(r"^(?P<name>(?:[A-Za-z_]\w*\.)*[A-Z]\w*)(?:: (?P<text>.*))?$")
_FOREIGN = ("site-packages", "dist-packages", "/lib/python", "<frozen", "<string>")
_KERAS = re.compile(r"Exception encountered when calling|Arguments received by")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Failure:
    """What ended a script: in its own words, and the line of the user's that it came from."""

    message: str
    file: str | None = None
    """Relative to the source folder."""
    line: int | None = None


def read_failure(log: str, source: Path) -> Failure:
    """The last exception of a log, and the innermost frame of it in the source folder; else the log's last line."""
    lines = log.splitlines()
    starts = [number for number, line in enumerate(lines) if line.strip().endswith(_HEAD)]
    if not starts:
        return Failure(_last_line(lines))
    file, line, message = None, None, ""
    rest = lines[starts[-1] + 1 :]
    for number, text in enumerate(rest):
        frame = _FRAME.match(text)
        if frame:
            own = own_file(frame["file"], source)
            if own is not None:
                file, line = own, int(frame["line"])
            continue
        if text[:1] not in (" ", "\t", "") and _EXCEPTION.match(text):
            message = _within(rest[number:]) or _whole(rest[number:])
            break
    return Failure(message or _last_line(lines), file, line)


def _whole(lines: list[str]) -> str:
    """An exception's message up to the next empty line or other output, on one line.

    Keras tells in a first line which layer it was, and only after an empty one what is wrong.
    """
    kept = [lines[0]]
    for line in lines[1:8]:
        if _HEAD in line or (not line.strip() and (len(kept) > 1 or not _KERAS.search(kept[0]))):
            break
        kept.append(line.strip())
    text = _COLOUR.sub("", " ".join(part for part in kept if part))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def _within(lines: list[str]) -> str:
    """The exception that Keras and AutoGraph tell of below `in user code:`, with frames of its own; empty if none."""
    if not lines[0].endswith("in user code:"):
        return ""
    inner = [line.strip() for line in lines[1:] if _EXCEPTION.match(line.strip()) and ": " in line]
    return inner[-1][:_LONGEST] if inner else ""


def _last_line(lines: list[str]) -> str:
    return next((line.strip()[:_LONGEST] for line in reversed(lines) if line.strip()), "it printed nothing")


def own_file(path: str, source: Path) -> str | None:
    """The file of the source folder that a path of the run's copy stands for; None for a library's."""
    if any(part in path for part in _FOREIGN):
        return None
    parts = PurePosixPath(path).parts
    for start in range(len(parts)):
        tail = PurePosixPath(*parts[start:])
        if not tail.is_absolute() and ".." not in tail.parts and (source / tail).is_file():
            return str(tail)
    return None
