"""A sample of a dataset: every class, enough for a batch and a validation split, few enough to be quick.

The original is never touched: the sample is a folder of hard links, or of copies where those aren't possible, and the
script gets it as it would get the dataset, read-only or as a copy.
"""

import math
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SMALL_FILES, SMALL_BYTES = 400, 50_000_000
"""A dataset within both is taken whole."""

MOST_FILES, MOST_BYTES = 4000, 500_000_000
"""Bounds of a sample; every class has a file in it all the same."""

_LEAST = 4
"""Files that each folder gives at least, if it has them: with fewer, a split of it may be empty."""

_TABLE_BYTES = 20_000_000
_TABLES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".lst")
"""Files that may list others, line by line; lines about files that are not in the sample are left out."""

_BESIDE = (*_TABLES, ".json", ".yaml", ".yml", ".xml", ".md", ".names", ".toml", ".ini", ".cfg")
"""Files that say something about the data beside them."""


@dataclass
class Sample:
    """Where a sample lies, and what of the dataset it holds."""

    folder: Path
    taken: int
    total: int
    lost: set[str] = field(default_factory=set)
    """Names of files that were left out."""

    @property
    def whole(self) -> bool:
        """Whether nothing was left out."""
        return self.taken == self.total

    @property
    def share(self) -> float:
        """The taken part of the files, from 0 to 1."""
        return self.taken / self.total if self.total else 1.0

    def __str__(self) -> str:
        """As a report has it."""
        return f"all {self.total} files" if self.whole else f"{self.taken} of {self.total} files"


def take_sample(original: Path, target: Path, *, per_class: int | None, batch: int) -> Sample:
    """A sample of a file or folder in `target`; a small one, or a single file, is its own sample and nothing is made.

    `per_class` files of each folder are taken; if None, so many that all of them make three batches of `batch`.
    """
    if original.is_file():
        return Sample(original, 1, 1)
    groups, count, weight = _groups(original)
    if per_class is None and count <= SMALL_FILES and weight <= SMALL_BYTES:
        return Sample(original, count, count)
    classes = max(1, sum(bool(files) for files in groups.values()))
    wanted = per_class or max(_LEAST, math.ceil(3 * batch / classes))
    wanted = max(1, min(wanted, MOST_FILES // classes))
    chosen = _choose(groups, wanted)
    every = (name for files in groups.values() for name, _ in files)
    lost = set(map(os.path.basename, every)) - set(map(os.path.basename, chosen))
    _lay_out(original, target, groups, chosen, lost)
    return Sample(target, len(chosen), count, lost)


def _groups(original: Path) -> tuple[dict[str, list[tuple[str, int]]], int, int]:
    """Files by their folder, as (path relative to the original, bytes), with their count and weight."""
    groups: dict[str, list[tuple[str, int]]] = {}
    count = weight = 0
    for folder, _, names in os.walk(original, followlinks=True):
        files = []
        for name in sorted(names):
            path = os.path.join(folder, name)
            try:
                size = os.stat(path).st_size
            except OSError:
                continue
            files.append((os.path.relpath(path, original), size))
            count, weight = count + 1, weight + size
        groups[os.path.relpath(folder, original)] = files
        if count > 50 * MOST_FILES and len(groups) > MOST_FILES:
            break  # what was seen until here makes a sample
    return groups, count, weight


def _choose(groups: dict[str, list[tuple[str, int]]], wanted: int) -> list[str]:
    """Evenly spread over each folder's names in order, so that pairs (image and label) stay together."""
    chosen, budget = [], MOST_BYTES
    for files in groups.values():
        beside = [item for item in files if item[0].lower().endswith(_BESIDE)]
        data = [item for item in files if item not in set(beside)]
        if len(beside) > wanted and (not data or len(beside) == len(data)):
            data, beside = files, []  # labels by the piece: as many as there are images
            picked = _paired(files, wanted)
        else:
            picked = _spread(data, wanted)
        for number, (name, size) in enumerate([*beside, *picked]):
            budget -= size
            if budget > 0 or number < 1:
                chosen.append(name)
    return chosen


def _spread(items: Sequence[tuple[str, int]], wanted: int) -> list[tuple[str, int]]:
    if len(items) <= wanted:
        return list(items)
    return [items[number * len(items) // wanted] for number in range(wanted)]


def _paired(files: Sequence[tuple[str, int]], wanted: int) -> list[tuple[str, int]]:
    stems: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for item in files:
        stems[os.path.splitext(item[0])[0]].append(item)
    return [item for stem, _ in _spread([(name, 0) for name in sorted(stems)], wanted) for item in stems[stem]]


def _lay_out(original: Path, target: Path, groups: Iterable[str], chosen: list[str], lost: set[str]) -> None:
    for folder in groups:
        (target / folder).mkdir(parents=True, exist_ok=True)
    for name in chosen:
        source, place = original / name, target / name
        if not (name.lower().endswith(_TABLES) and _cut_table(source, place, lost)):
            _link(source, place)


def _link(source: Path, place: Path) -> None:
    try:
        os.link(source.resolve(), place)
    except OSError:
        shutil.copyfile(source, place)


def _cut_table(source: Path, place: Path, lost: set[str]) -> bool:
    """Write the lines of a table that are not about lost files; False if it has none of those, and nothing is made."""
    try:
        if source.stat().st_size > _TABLE_BYTES:
            return False
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    stems = {stem for name in lost if len(stem := os.path.splitext(name)[0]) >= _LEAST and not stem.isdigit()}
    lines = text.splitlines(keepends=True)
    kept = [line for number, line in enumerate(lines) if number == 0 or not _mentions(line, lost, stems)]
    if len(kept) == len(lines):
        return False
    place.write_text("".join(kept), encoding="utf-8")
    return True


def _mentions(line: str, lost: set[str], stems: set[str]) -> bool:
    words = [os.path.basename(word.strip()) for word in re.split(r"[,;\t\"'|]|\s{2,}| ", line)]
    return any(word in lost or word in stems for word in words if word)
