"""Errors in plain words: the user's to mend without a stack trace, ours with one in a file."""

import os
import sys
import time
import traceback
from pathlib import Path

from trainferry.errors import ConfigError, FerryError, JobFileError
from trainferry.masking import mask_text


def report_failure(error: Exception, *, as_json: bool) -> int:
    """Print what went wrong and what to do; returns the exit code."""
    if os.environ.get("TRAINFERRY_DEBUG"):
        traceback.print_exception(error)
    if not isinstance(error, FerryError):
        error = _unexpected(error)
    problems = error.problems if isinstance(error, JobFileError) else [error]
    for problem in problems:
        print(mask_text(f"error: {problem}"), file=sys.stderr)
    if as_json:
        import json  # noqa: PLC0415

        data = [
            {"message": p.message, "remedy": p.remedy, "where": str(p.where) if p.where else None} for p in problems
        ]
        print(mask_text(json.dumps({"errors": data}, indent=2)))
    return 2 if isinstance(error, ConfigError) else 1


def _unexpected(error: Exception) -> FerryError:
    """A mistake of ours: keep the stack trace where the user can find it and send it to us."""
    text = mask_text("".join(traceback.format_exception(error)))
    what = f"{type(error).__name__}: {error}"
    try:
        from trainferry.config import load_config  # noqa: PLC0415

        folder = load_config().site().home / "crashes"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
        file.write_text(f"{sys.argv}\n{sys.version}\n{text}", encoding="utf-8")
    except (OSError, FerryError):
        return FerryError(f"this is a mistake in Trainferry: {what}", remedy="TRAINFERRY_DEBUG=1 shows the stack trace")
    return FerryError(f"this is a mistake in Trainferry: {what}", remedy=f"please report it with {Path(file)}")
