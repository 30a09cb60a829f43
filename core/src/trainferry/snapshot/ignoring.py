"""The user's own ignore rules: `.ferryignore`, else `.amlignore`, else `.gitignore`, in git's pattern language.

The first of the three that lies at the top of the source folder decides the name; a file of that name in a subfolder
adds rules for what is below it, as git has it. pathspec is imported only when there are patterns to read.
"""

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from trainferry.errors import FerryError, Location

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

NAMES = (".ferryignore", ".amlignore", ".gitignore")


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns of one ignore file; `prefix` is the folder it lies in, relative to the source, ending in a slash."""

    prefix: str
    spec: "GitIgnoreSpec"


def kind_of(names: Collection[str]) -> str | None:
    """Which of a folder's files holds its ignore rules; None if there is none."""
    return next((name for name in NAMES if name in names), None)


def read_rules(path: str, prefix: str) -> Rules:
    """Read an ignore file; a pattern without meaning raises FerryError naming file and line."""
    from pathspec import GitIgnoreSpec  # noqa: PLC0415  (13 ms that a source without ignore file never pays)

    with open(path, encoding="utf-8-sig", errors="surrogateescape") as stream:
        lines = stream.read().splitlines()
    for number, line in enumerate(lines, 1):
        try:
            GitIgnoreSpec.from_lines([line])
        except Exception as error:
            raise FerryError(
                f"'{line}' is not a pattern: {error}",
                where=Location(prefix + os.path.basename(path), number),
                remedy="write it as in a .gitignore, or put a backslash before a leading '!' or '#'",
            ) from error
    # `data/**` speaks of what is below data, not of data; pathspec lets it match `data/` too, `data/*` it doesn't.
    return Rules(prefix, GitIgnoreSpec.from_lines([re.sub(r"(?<=[^*/]/)\*\*$", "*", line) for line in lines]))


def ignored(path: str, stack: Sequence[Rules], *, is_folder: bool) -> bool:
    """Whether the rules leave out a path (relative to the source). The nearest ignore file that mentions it decides.

    For a folder, True means that nothing below it can come back, as in git. There the last pattern that matches
    decides; GitIgnoreSpec, made for files, would let `*` win over a later `!*/`.
    """
    for rules in reversed(stack):
        below = path[len(rules.prefix) :]
        verdict = _of_folder(below, rules) if is_folder else rules.spec.check_file(below).include
        if verdict is not None:
            return verdict
    return False


def _of_folder(path: str, rules: Rules) -> bool | None:
    patterns = cast("Sequence[Any]", rules.spec.patterns)  # each release of pathspec types them otherwise
    for pattern in reversed(patterns):
        if pattern.include is not None and pattern.match_file(path + "/"):
            return bool(pattern.include)
    return None
