"""Looking through a dataset's folder: names, sizes, and whether files are what they seem; fast, and remembered."""

import contextlib
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from trainferry.checks.pictures import CHECKED, verdict

MOST = 200_000
"""Files that are looked at; of a larger dataset the rest is counted by nobody."""
_VERSION = 3
_THREADS = 8
_CHUNK = 64


@dataclass
class Scan:
    """What was found in a dataset's folder. Paths are relative to it, with forward slashes."""

    root: str
    files: int = 0
    bytes: int = 0
    folders: dict[str, int] = field(default_factory=dict)
    """Number of files directly in each folder, but those that begin with a dot."""
    endings: dict[str, int] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    """What is wrong with each file that isn't as it should be, see `pictures.verdict`."""
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    read: int = 0
    """Files that had to be opened; the rest was remembered."""


def scan(root: Path, cache: Path) -> Scan:
    """Look through a folder or at one file; what was found of a file of this size and time is taken from `cache`."""
    result = Scan(os.fspath(root))
    entries = _walk(result)
    memory = cache / "checks" / f"{hashlib.sha256(os.path.realpath(root).encode()).hexdigest()[:24]}.json"
    known = _remembered(memory)
    fresh: dict[str, list[int | str]] = {}
    waiting: list[tuple[str, int, int]] = []
    for path, size, changed in entries:
        old = known.get(path)
        if old is not None and old[0] == size and old[1] == changed:
            fresh[path] = old
        elif not size:
            fresh[path] = [size, changed, "empty"]
        else:
            waiting.append((path, size, changed))
    result.read = len(waiting)
    _open_all(result, waiting, fresh)
    result.verdicts = {path: str(entry[2]) for path, entry in fresh.items() if entry[2]}
    if waiting or len(fresh) != len(known):
        _remember(memory, fresh)
    return result


def _walk(result: Scan) -> list[tuple[str, int, int]]:
    """Count everything below the root, and return path, size and time (ns) of each file that is worth opening."""
    if os.path.isfile(result.root):
        status = os.stat(result.root)
        result.files, result.bytes = 1, status.st_size
        ending = os.path.splitext(result.root)[1].lower()
        return [("", status.st_size, status.st_mtime_ns)] if ending in CHECKED else []
    found: list[tuple[str, int, int]] = []
    stack = [""]
    while stack and result.files < MOST:
        prefix = stack.pop()
        try:
            with os.scandir(os.path.join(result.root, prefix)) as entries:
                _folder(result, prefix, entries, stack, found)
        except OSError as error:
            result.unreadable.append((prefix or ".", error.strerror or str(error)))
    return found


def _folder(
    result: Scan, prefix: str, entries: "os._ScandirIterator[str]", stack: list[str], found: list[tuple[str, int, int]]
) -> None:
    own = 0
    for entry in entries:
        name = entry.name
        path = prefix + name
        if entry.is_dir(follow_symlinks=False):
            if name not in ("__pycache__", ".ipynb_checkpoints", ".git", "__MACOSX"):
                stack.append(path + "/")
            continue
        try:
            status = entry.stat()
        except OSError as error:
            result.unreadable.append((path, error.strerror or str(error)))
            continue
        result.files += 1
        result.bytes += status.st_size
        if name.startswith(".") and not name.startswith("._"):
            continue
        own += 1
        ending = os.path.splitext(name)[1].lower()
        result.endings[ending] = result.endings.get(ending, 0) + 1
        if ending in CHECKED:
            found.append((path, status.st_size, status.st_mtime_ns))
    result.folders[prefix.rstrip("/")] = own


def _open_all(result: Scan, waiting: list[tuple[str, int, int]], fresh: dict[str, list[int | str]]) -> None:
    def look(chunk: list[tuple[str, int, int]]) -> list[tuple[str, int, int, str]]:
        seen = []
        for path, size, changed in chunk:
            try:
                said = verdict(os.path.join(result.root, path) if path else result.root, size)
            except OSError as error:
                said = f"unreadable {error.strerror}"
            seen.append((path, size, changed, said))
        return seen

    chunks = [waiting[start : start + _CHUNK] for start in range(0, len(waiting), _CHUNK)]
    if len(chunks) <= 1:
        results = [look(chunk) for chunk in chunks]
    else:
        with ThreadPoolExecutor(_THREADS) as pool:
            results = list(pool.map(look, chunks))
    for seen in results:
        for path, size, changed, said in seen:
            if said.startswith("unreadable"):
                result.unreadable.append((path, said.partition(" ")[2]))
            else:
                fresh[path] = [size, changed, said]


def _remembered(memory: Path) -> dict[str, list[int | str]]:
    try:
        stored = json.loads(memory.read_text(encoding="utf-8"))
        if stored["version"] == _VERSION:
            return dict(stored["files"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # nothing is remembered, or it was written by another version
    return {}


def _remember(memory: Path, files: dict[str, list[int | str]]) -> None:
    """Store what was seen; a cache that can't be written costs time only."""
    with contextlib.suppress(OSError, UnicodeEncodeError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        half = memory.with_name(f"{memory.name}.{os.getpid()}.part")
        half.write_text(json.dumps({"version": _VERSION, "files": files}), encoding="utf-8")
        half.replace(memory)
