"""Asking for a yes: only a person at a terminal is asked; a script has to say --yes."""

import sys

from trainferry.errors import FerryError


def agreed(question: str, remedy: str) -> bool:
    """Whether somebody answers yes; FerryError with the remedy if nobody is there to ask."""
    if not sys.stdin.isatty():
        raise FerryError("nobody is there to ask", remedy=remedy)
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
