"""Silencing single findings: `# ferry: ignore[ID]` beside what they are about, or `ignore` in the settings."""

import re
from collections.abc import Iterable
from pathlib import Path

from trainferry.specs.finding import Finding

COMMENT = re.compile(r"#\s*ferry:\s*ignore\[([^\]]*)\]")
"""`# ferry: ignore[ID]` or `# ferry: ignore[ID, ID]`; group 1 holds the ids."""

_LARGEST = 2_000_000
"""Bytes of a file that is looked through for comments."""


class Silencer:
    """Tells which findings somebody asked not to see.

    A comment holds for its own line, and if nothing else stands on it for the next one, past further comments. A
    finding about a file as a whole is silenced by such a comment line anywhere in it.
    """

    def __init__(self, ignored: Iterable[str] = ()) -> None:
        self._ignored = frozenset(ignored)
        self._files: dict[str, list[str]] = {}

    def split(self, findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
        """The findings that stay, and those that are silenced, each in their order."""
        kept: list[Finding] = []
        silenced: list[Finding] = []
        for finding in findings:
            (silenced if self._is_silenced(finding) else kept).append(finding)
        return kept, silenced

    def _is_silenced(self, finding: Finding) -> bool:
        if finding.id in self._ignored:
            return True
        lines = self._lines(finding.file) if finding.file else []
        if finding.line is None:
            return any(finding.id in _ids(line) for line in lines if line.lstrip().startswith("#"))
        number = finding.line - 1
        if number >= len(lines):
            return False
        if finding.id in _ids(lines[number]):
            return True
        while number > 0 and lines[number - 1].lstrip().startswith("#"):
            number -= 1
            if finding.id in _ids(lines[number]):
                return True
        return False

    def _lines(self, file: str) -> list[str]:
        if file not in self._files:
            path = Path(file)
            try:
                small = path.is_file() and path.stat().st_size <= _LARGEST
                text = path.read_text(encoding="utf-8", errors="replace") if small else ""
            except (OSError, ValueError):
                text = ""
            self._files[file] = text.splitlines() if "ferry:" in text else []
        return self._files[file]


def _ids(line: str) -> set[str]:
    return {item.strip() for match in COMMENT.finditer(line) for item in match[1].split(",")}
