"""What to take instead of a size: one of nearly that name, or the nearest that a region offers, by GPU and price."""

from __future__ import annotations

import math
from difflib import get_close_matches
from typing import TYPE_CHECKING

from trainferry_azureml.sizes.table import Size, all_sizes, find, plain
from trainferry_azureml.sizes.withdrawn import withdrawal

if TYPE_CHECKING:
    from collections.abc import Iterable

SAME_CHIP = 2.0
"""What another kind of GPU weighs, on the scale of `_distance`: as much as four times the GPU memory."""
NO_GPU = 20.0
"""What having a GPU or not weighs: more than anything else can."""


def did_you_mean(name: str, offered: Iterable[str] = ()) -> list[str]:
    """Names near to one that is no size: of those offered, or of the table; the nearest first, three at the most."""
    known = {plain(one): one for one in offered} or {key: size.name for key, size in all_sizes().items()}
    return [known[match] for match in get_close_matches(plain(name), known, n=3, cutoff=0.6)]


def nearest(name: str, offered: Iterable[str], count: int = 3) -> list[str]:
    """Of the sizes that a region offers, those nearest to one: by GPU, GPU memory, price and cores.

    Withdrawn series are never among them. A size that the table lacks gets those of nearly its name.
    """
    names = [one for one in offered if plain(one) != plain(name) and not _is_over(one)]
    size = find(name)
    if size is None:
        return did_you_mean(name, names)[:count]
    known = [(one, other) for one in names if (other := find(one)) is not None]
    known.sort(key=lambda pair: (_distance(size, pair[1]), pair[0]))
    return [one for one, _ in known[:count]]


def cores_needed(name: str, nodes: int) -> tuple[str, int] | None:
    """Family and cores that a cluster of so many nodes takes of the quota; None if the table lacks the size."""
    size = find(name)
    return (size.family, size.vcpus * nodes) if size is not None else None


def _is_over(name: str) -> bool:
    found = withdrawal(name)
    return found is not None and found.over()


def _distance(wanted: Size, other: Size) -> float:
    """How unlike two sizes are: doublings of memory, price and cores, and what another chip weighs."""
    if bool(wanted.gpus) != bool(other.gpus):
        return NO_GPU + _doublings(wanted.vcpus, other.vcpus)
    gap = _doublings(wanted.vcpus, other.vcpus) / 2 + _doublings(wanted.memory_gib, other.memory_gib) / 2
    if wanted.gpus:
        gap = gap / 2 + _doublings(wanted.gpu_memory_gb, other.gpu_memory_gb)
        gap += 0 if wanted.gpu_kind == other.gpu_kind else SAME_CHIP
    if wanted.usd_per_hour is not None and other.usd_per_hour is not None:
        gap += _doublings(wanted.usd_per_hour, other.usd_per_hour)
    return gap


def _doublings(one: float, other: float) -> float:
    return abs(math.log2(one / other))
