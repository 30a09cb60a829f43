"""From the tree of a job file to data for the spec, with the place of every key and item."""

from dataclasses import dataclass, field
from typing import Any

from trainferry.errors import FerryError, Location
from trainferry.loading.composing import DEEPEST, Alias, Listing, Node, Scalar, Table
from trainferry.loading.scalars import Path, is_null, keeps_text, needs_text, resolve
from trainferry.specs.finding import Finding, Severity

MOST_REPEATED = 10_000
"""Nodes that aliases may repeat in one file: enough for any real use, and the end of an alias bomb."""


@dataclass
class Built:
    """The data of a job file, and all that is known about where it came from."""

    data: Any = None
    marks: dict[Path, Location] = field(default_factory=dict)
    texts: dict[Path, str] = field(default_factory=dict)
    """Bare scalars as they were written, for messages."""
    problems: list[FerryError] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def build(root: Node) -> Built:
    """Data from a tree. What is wrong goes to `problems`, and the rest is built all the same."""
    builder = _Builder()
    builder.built.marks[()] = root.where
    try:
        builder.built.data = builder.value(root, ())
    except _Bomb as bomb:
        builder.built.problems = [bomb.problem]
    return builder.built


class _Bomb(Exception):
    def __init__(self, where: Location) -> None:
        super().__init__()
        self.problem = FerryError(
            f"the aliases of this file would grow to more than {MOST_REPEATED} values or {DEEPEST} levels",
            where=where,
            remedy="write out what the job needs",
        )


class _Builder:
    def __init__(self) -> None:
        self.built = Built()
        self.repeated = 0
        self.inside: Alias | None = None

    def value(self, node: Node, path: Path) -> Any:
        """The value of a node; _Bomb if aliases repeat it too often or nest it too deep."""
        if self.inside is not None:
            self.repeated += 1
            if self.repeated > MOST_REPEATED or len(path) > DEEPEST:
                raise _Bomb(self.inside.where)
        match node:
            case Alias():
                return self.repeat(node, path)
            case Scalar():
                return self.scalar(node, path)
            case Listing():
                return [self.item(item, (*path, number)) for number, item in enumerate(node.items)]
            case Table():
                return self.table(node, path)

    def repeat(self, alias: Alias, path: Path) -> Any:
        """The value that an alias stands for, made anew: its texts and marks have places of their own."""
        outer, self.inside = self.inside, self.inside or alias
        value = self.value(alias.target, path)
        self.inside = outer
        return value

    def item(self, node: Node, path: Path) -> Any:
        """The value of one item of a list, whose place is kept."""
        self.built.marks[path] = node.where
        return self.value(node, path)

    def scalar(self, node: Scalar, path: Path) -> Any:
        """A plain value, or its text as it stands where that counts (decision 4); a bare null there is a problem."""
        if not node.plain:
            return node.text
        self.built.texts[path] = node.text
        if not keeps_text(path):
            return resolve(node.text)
        if is_null(node.text):
            if needs_text(path):
                self.built.problems.append(_null_problem(node, path))
                return ""
            return None
        if path[-1] == "python":
            self.check_python(node)
        return node.text

    def check_python(self, node: Scalar) -> None:
        """Keep a finding for a Python version that other tools read as another number."""
        value = resolve(node.text)
        if isinstance(value, float) and str(value) != node.text:
            self.built.findings.append(
                Finding(
                    id="python-unquoted",
                    severity=Severity.WARNING,
                    message=f"python: {node.text} is taken as {node.text}, but other tools read it as {value}",
                    file=node.where.file,
                    line=node.where.line,
                    column=node.where.column,
                    remedy=f'put it in quotes: python: "{node.text}"',
                )
            )

    def table(self, node: Table, path: Path) -> dict[str, Any]:
        """The table, merge keys laid under its own. A key that stands there twice is a problem; the first counts."""
        table: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        first: dict[str, Location] = {}
        for key, value in node.pairs:
            if key.plain and key.text == "<<":
                merged |= {name: kept for name, kept in self.merged(value, path).items() if name not in merged}
            elif key.text in first:
                self.built.problems.append(_duplicate(key, first[key.text]))
            else:
                first[key.text] = key.where
        for key, value in node.pairs:
            if first.get(key.text) is key.where:
                self.built.marks[(*path, key.text)] = key.where
                table[key.text] = self.value(value, (*path, key.text))
        return {**{name: value for name, value in merged.items() if name not in table}, **table}

    def merged(self, node: Node, path: Path) -> dict[str, Any]:
        """What a merge key `<<` brings in: the keys of one table, or of several, of which the first wins."""
        sources = node.items if isinstance(node, Listing) else [node]
        result: dict[str, Any] = {}
        for source in sources:
            target = source.target if isinstance(source, Alias) else source
            if not isinstance(target, Table):
                problem = FerryError("<< takes a table", where=source.where, remedy="write it like <<: *NAME")
                self.built.problems.append(problem)
                continue
            found = self.repeat(Alias(target, source.where), path)
            result = {**found, **result}
        return result


def _duplicate(key: Scalar, first: Location) -> FerryError:
    return FerryError(
        f"the key '{key.text}' stands here for the second time; the first is on line {first.line}",
        where=key.where,
        remedy="keep one of the two",
    )


def _null_problem(node: Scalar, path: Path) -> FerryError:
    shown = node.text or "nothing"
    return FerryError(
        f"{shown} under '{path[-2]}' is no text that a script could be given",
        where=node.where,
        remedy='write "" for an empty text, quote the word if the script expects it, or take the line out',
    )
