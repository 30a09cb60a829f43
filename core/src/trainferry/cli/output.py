"""Where answers go: stdout for the answer, stderr for what is said on the way; as text or as one JSON document."""

from __future__ import annotations

import os
import sys

from trainferry.masking import mask, mask_text

TYPE_CHECKING = False  # as in trainferry/__init__.py
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence
    from typing import Any

    from trainferry.specs.finding import Finding

_COLORS = {
    "error": "31",
    "warning": "33",
    "note": "36",
    "failed": "31",
    "lost": "31",
    "completed": "32",
    "running": "34",
}


class Output:
    """Prints for one command, as its options say. Secrets are masked on every way out, but for a script's own log."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.json = bool(arguments.json)
        self.quiet = bool(arguments.quiet)
        plain = arguments.no_color or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
        self.color = sys.stdout.isatty() and not plain
        self.terminal = sys.stderr.isatty() and not self.json and not self.quiet

    def answer(self, text: str) -> None:
        """Print what was asked for, unless the answer is a JSON document."""
        if not self.json:
            print(mask_text(text))

    def say(self, text: str) -> None:
        """Print something on the way: to stderr, and not at all with --quiet."""
        if not self.quiet:
            print(mask_text(text), file=sys.stderr, flush=True)

    def document(self, data: Any) -> None:
        """Print the JSON document, if one was asked for."""
        if self.json:
            import json  # noqa: PLC0415  (text output needs none)

            print(json.dumps(_finite(mask(data)), indent=2, ensure_ascii=False, default=str, allow_nan=False))

    def paint(self, text: str, kind: str) -> str:
        """The text in the colour of its kind, where colours are shown."""
        code = _COLORS.get(kind)
        return f"\033[{code}m{text}\033[0m" if self.color and code else text

    def findings(self, findings: Iterable[Finding]) -> None:
        """Print findings, one paragraph each, worst first; notes are left out with --quiet."""
        for finding in findings:
            if self.quiet and finding.severity == "note":
                continue
            head, _, tail = str(finding).partition(f"{finding.severity}: ")
            painted = f"{head}{self.paint(finding.severity, finding.severity)}: {tail}"
            print(mask_text(painted), file=sys.stderr)

    def silenced(self, findings: Sequence[Finding]) -> None:
        """Say how many findings are not shown because a comment or the settings ignore them."""
        if findings:
            names = ", ".join(sorted({finding.id for finding in findings}))
            self.say(f"{len(findings)} silenced: {names}")


def _finite(data: Any) -> Any:
    """Plain data with None for what is no finite number: JSON has no word for it."""
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and data - data != 0 else data
