"""The table of VM sizes, as the rest of this folder asks it."""

from collections.abc import Sequence


def successor(size: str) -> tuple[str, str, str] | None:
    """Series, day of withdrawal and what replaces a size of a withdrawn series; None for one that still is."""
    return None


def nearest(size: str, offered: Sequence[str]) -> list[str]:
    """The offered sizes that are nearest to one, by GPU and price."""
    return []


def describe(size: str) -> str:
    """A size with what matters of it."""
    return size
