"""From YAML text to a tree of nodes that know their place.

PyYAML (with libyaml, where it is there) splits the text into events; the tree is built here, because PyYAML's own
composer has no bound on depth (libyaml's crashes the interpreter on deep nesting), loses the places, and lets the last
of two equal keys win.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from trainferry.errors import FerryError, JobFileError, Location
from trainferry.loading.syntax import syntax_error

DEEPEST = 40
"""Levels of nesting that a job file may have; the spec itself needs six."""

_STR_TAG = "tag:yaml.org,2002:str"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Scalar:
    """One value as it was written; `plain` without quotes, so that it may stand for a number or null."""

    text: str
    plain: bool
    where: Location


@dataclass(slots=True)
class Listing:
    """A YAML sequence."""

    where: Location
    items: list["Node"] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """A YAML mapping, with each pair as it stands in the file: keys may come twice."""

    where: Location
    pairs: list[tuple[Scalar, "Node"]] = field(default_factory=list)


@dataclass(slots=True)
class Alias:
    """A second use of a node that an anchor names."""

    target: "Node"
    where: Location


Node = Scalar | Listing | Table | Alias


def compose(text: str, file: str) -> Node:
    """The one document of a YAML text. Raises JobFileError at the first place that is not YAML, or not plain data."""
    composer = _Composer(file)
    try:
        return composer.document(yaml.parse(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        raise JobFileError([syntax_error(error, text, file)]) from error


class _Composer:
    def __init__(self, file: str) -> None:
        self.file = file
        self.anchors: dict[str, Node] = {}
        self.open: list[Node] = []

    def document(self, events: Iterator[Any]) -> Node:
        """Take the events of a stream that holds exactly one document."""
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise self.problem("a second document starts here", event, "keep one job to a file")
                root = self.node(next(events), events)
        if root is None:
            raise JobFileError([FerryError("the job file holds no document", where=Location(self.file))])
        return root

    def node(self, event: Any, events: Iterator[Any]) -> Node:
        """Take the node that `event` begins."""
        where = self.place(event)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, where)
        if event.tag not in (None, "!", _STR_TAG):
            shown = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise self.problem(
                f"the tag {shown} is refused: a job file holds plain values only",
                event,
                "remove the tag; write text in quotes",
            )
        if isinstance(event, yaml.ScalarEvent):
            scalar = Scalar(event.value, not event.style and event.tag is None, where)
            return self.named(event, scalar)
        if len(self.open) >= DEEPEST:
            raise self.problem(f"nested more than {DEEPEST} levels deep", event, "a job file needs no more than six")
        node = self.named(event, Listing(where) if isinstance(event, yaml.SequenceStartEvent) else Table(where))
        self.open.append(node)
        self.fill(node, events)
        self.open.pop()
        return node

    def fill(self, node: Node, events: Iterator[Any]) -> None:
        """Take what a list or table holds, up to its end."""
        for event in events:
            if isinstance(event, yaml.CollectionEndEvent):
                return
            if isinstance(node, Listing):
                node.items.append(self.node(event, events))
            elif isinstance(node, Table):
                key = self.node(event, events)
                if not isinstance(key, Scalar):
                    raise self.problem("a key must be plain text", event, "quote a key that starts with [ { or *")
                node.pairs.append((key, self.node(next(events), events)))

    def alias(self, event: Any, where: Location) -> Node:
        """What `*name` refers to; JobFileError if there is no such anchor yet, or if it is inside its own value."""
        target = self.anchors.get(event.anchor)
        if target is None:
            raise self.problem(
                f"*{event.anchor} refers to nothing: there is no &{event.anchor} before it",
                event,
                f"text that starts with * goes in quotes: '*{event.anchor}'",
            )
        if any(target is node for node in self.open):
            raise self.problem(f"*{event.anchor} stands inside itself", event, "write the value out")
        return Alias(target, where)

    def named(self, event: Any, node: Node) -> Node:
        """The node as it came, kept under its anchor if it has one."""
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def place(self, event: Any) -> Location:
        """Where an event begins, counted from 1."""
        return Location(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def problem(self, message: str, event: Any, remedy: str) -> JobFileError:
        """The error to raise about the place of an event."""
        return JobFileError([FerryError(message, where=self.place(event), remedy=remedy)])
