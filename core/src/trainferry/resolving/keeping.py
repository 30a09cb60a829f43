"""Answers of uv, kept by what was asked: the index moves on, so they hold for a day."""

import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from trainferry.resolving.asking import Answer, Question
from trainferry.resolving.requirements import local_file
from trainferry.resolving.resolution import Package

FRESH = 24 * 3600.0
"""Seconds that an answer is taken for what the index says now."""

_FORMAT = 1


def place_of(question: Question, cache: Path) -> Path:
    """The file that the answer to a question is kept in."""
    state = [_state(item) for item in question.requirements]
    settings = sorted((key, value) for key, value in os.environ.items() if key.startswith("UV_"))
    content = json.dumps([_FORMAT, asdict(question), state, settings])
    return cache / "resolved" / f"{hashlib.sha256(content.encode()).hexdigest()[:32]}.json"


def _state(requirement: str) -> list[float]:
    """What tells one state of a local package from the next; empty for a package of the index."""
    path = local_file(requirement)
    try:
        status = path.stat() if path else None
    except OSError:
        return []
    return [status.st_size, status.st_mtime] if status else []


def recall(place: Path) -> tuple[Answer, float] | None:
    """The kept answer and its age in seconds; None if there is none."""
    try:
        data = json.loads(place.read_text(encoding="utf-8"))
        packages = tuple(Package(**fields) for fields in data["packages"])
        age = max(0.0, time.time() - data["asked"])
        return Answer(packages, data["complaint"]), age
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(place: Path, answer: Answer) -> None:
    """Keep an answer; a half file never has the final name."""
    data = {
        "asked": time.time(),
        "packages": [asdict(package) for package in answer.packages],
        "complaint": answer.complaint,
    }
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(data), encoding="utf-8")
        part.replace(place)
    except OSError:  # the answer holds, it is only not kept
        with suppress(OSError):
            part.unlink(missing_ok=True)
