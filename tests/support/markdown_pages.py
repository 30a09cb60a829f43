"""Reads the project's Markdown pages: their fenced blocks, the markers before them, and their links.

A marker is an HTML comment on the line before a block, and says how the tests treat it:

    <!-- not-run: REASON -->   the block is shown only
    <!-- exit: 1 -->           the last command of the block ends with this exit code (0 if not said)
    <!-- file: NAME -->        the block is the content of this file, for the commands after it
    <!-- slow -->              running it takes more than about five seconds

`<!-- in: FOLDER -->` anywhere on a page runs its commands in a copy of that folder of the checkout.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

MARKER = re.compile(r"<!-- (not-run|exit|file|slow|in)(?:: (.+?))? -->")
SHELL = frozenset({"console", "bash"})
SHOWN = frozenset({"", "csv", "ini", "json", "mermaid", "text", "toml", "yaml"})


@dataclass(frozen=True)
class Command:
    """One command of a console block, and the output that the page shows for it."""

    line: int
    text: str
    shown: str


@dataclass(frozen=True)
class Block:
    """One fenced block of a page, with the markers before it; `line` is that of its opening fence."""

    line: int
    language: str
    text: str
    markers: dict[str, str] = field(default_factory=dict)

    @property
    def commands(self) -> list[Command]:
        """The commands of a shell block: lines after `$ `, continued by a backslash; without any, the whole block."""
        found: list[tuple[int, str, list[str]]] = []
        for number, line in enumerate(self.text.splitlines(), self.line + 1):
            if line.startswith("$ "):
                found.append((number, line[2:], []))
            elif found and found[-1][1].endswith("\\") and not found[-1][2]:
                found[-1] = (found[-1][0], f"{found[-1][1]}\n{line.removeprefix('> ')}", [])
            elif found:
                found[-1][2].append(line)
        if not found:
            return [Command(self.line + 1, self.text, "")]
        return [Command(number, text, "\n".join(shown).strip()) for number, text, shown in found]


@dataclass(frozen=True)
class Page:
    """One Markdown file; `name` is its path from the checkout."""

    name: str
    file: Path

    @cached_property
    def tokens(self) -> list[Token]:
        """What markdown-it makes of the page."""
        return MarkdownIt("commonmark").enable("table").parse(self.file.read_text(encoding="utf-8"))

    @cached_property
    def blocks(self) -> list[Block]:
        """All fenced blocks, in order; a comment right before one that isn't a known marker is a ValueError."""
        found = []
        for before, token in pairwise([None, *self.tokens]):
            if token is not None and token.type == "fence" and token.map is not None:
                comment = before.content if before is not None and before.type == "html_block" else ""
                line = token.map[0] + 1
                found.append(Block(line, token.info.split(" ")[0], token.content, self._markers(comment, line)))
        return found

    def _markers(self, comment: str, line: int) -> dict[str, str]:
        found = dict(MARKER.findall(comment))
        if MARKER.sub("", comment).strip():
            raise ValueError(f"{self.name}:{line}: not a marker for the block below: {comment.strip()}")
        if "not-run" in found and not found["not-run"]:
            raise ValueError(f"{self.name}:{line}: say why it isn't run: <!-- not-run: REASON -->")
        return found

    @cached_property
    def job_files(self) -> list[str]:
        """The text of each YAML block that is a whole job file, which a script tells; any other shows a part of one."""
        shown = [block.text for block in self.blocks if block.language == "yaml" and "not-run" not in block.markers]
        return [text for text in shown if "script" in yaml.safe_load(text)]

    @cached_property
    def folder(self) -> str:
        """The folder of the checkout in a copy of which the page's commands run; empty for an empty one."""
        comments = (token.content for token in self.tokens if token.type == "html_block")
        return next((found["in"] for comment in comments if "in" in (found := dict(MARKER.findall(comment)))), "")

    @cached_property
    def links(self) -> list[str]:
        """Every link and image that leads to a file of the project, without its anchor."""
        inline = (child for token in self.tokens for child in token.children or [])
        targets = (str(child.attrs.get("href") or child.attrs.get("src") or "") for child in inline)
        return [target.partition("#")[0] for target in targets if target and not re.match(r"[a-z]+:|#", target)]


def pages(root: Path) -> list[Page]:
    """Every page of the project: README and what docs/ holds first, then those beside the code."""
    files = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    files += sorted(root.glob("*.md")) + sorted(root.glob("*/README.md")) + sorted(root.glob("backends/*/README.md"))
    files += sorted(root.glob("extensions/*/README.md"))
    unique = dict.fromkeys(file for file in files if file.is_file())
    return [Page(file.relative_to(root).as_posix(), file) for file in unique]
