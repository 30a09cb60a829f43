"""Listings: what a backend last read of its target, kept so that a plan can be made offline and tell how old it is."""

import json
import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainferry.errors import BackendError


@dataclass(frozen=True, slots=True)
class Listing:
    """One listing, as it was when it was read."""

    data: Any
    """What was kept; plain JSON data."""
    taken: float
    """When it was read (seconds since the epoch)."""

    @property
    def age(self) -> float:
        """How long ago that was (seconds)."""
        return max(0.0, time.time() - self.taken)


class Listings:
    """The listings of one backend in a folder of the cache: one file for each name.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     listings = Listings(Path(folder))
    ...     listings.keep("quota.westeurope", {"NCASv3_T4": 24})
    ...     listings.recall("quota.westeurope").data
    {'NCASv3_T4': 24}
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, data: Any) -> None:
        """Keep plain JSON data under a name of letters, digits, dots and hyphens; an older listing is replaced.

        No secrets: a listing is a plain file. A full disk is no error, since the data can be read again.
        """
        file = self._file(name)
        part = file.with_name(f".{file.name}.{os.getpid()}.part")
        text = json.dumps({"taken": time.time(), "data": data})
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(text, encoding="utf-8")
            part.replace(file)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def recall(self, name: str) -> Listing | None:
        """The listing kept last under a name; None if there is none, or it can't be read."""
        try:
            data = json.loads(self._file(name).read_text(encoding="utf-8"))
            return Listing(data["data"], float(data["taken"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _file(self, name: str) -> Path:
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,150}", name):
            raise BackendError(f"{name!r} can't name a listing", remedy="use letters, digits, dots, _ and hyphens")
        return self._folder / f"{name}.json"
