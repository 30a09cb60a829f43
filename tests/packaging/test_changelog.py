"""Changelog fragments: each has a known type and says something, and towncrier can make a page of them."""

import subprocess
import sys
import tomllib
from pathlib import Path


def fragments(root: Path) -> list[Path]:
    """List the fragments; the README beside them explains them."""
    return [file for file in sorted((root / "changelog.d").iterdir()) if file.name != "README.md"]


def test_each_fragment_is_named_after_its_issue_and_a_known_type(root: Path) -> None:
    """NUMBER.TYPE.md, or +WORDS.TYPE.md where there is no issue; towncrier silently leaves out any other name."""
    config = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["towncrier"]
    types = {kind["directory"] for kind in config["type"]}
    for file in fragments(root):
        issue, kind, suffix = file.name.split(".")
        assert issue.isdigit() or issue.startswith("+"), file.name
        assert kind in types, f"{file.name}: the type is one of {', '.join(sorted(types))}"
        assert suffix == "md", file.name


def test_each_fragment_is_whole_sentences(root: Path) -> None:
    for file in fragments(root):
        text = file.read_text(encoding="utf-8").strip()
        assert text[:1].isupper() or text[:1] == "`", file.name
        assert text.endswith("."), file.name


def test_the_changelog_can_be_made(root: Path) -> None:
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--date", "2026-01-01"]
    page = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    for file in fragments(root):
        first = file.read_text(encoding="utf-8").split()[:4]
        assert " ".join(first) in " ".join(page.split()), f"{file.name} is not in the page"


def test_the_changelog_has_the_place_where_towncrier_writes(root: Path) -> None:
    assert "<!-- towncrier release notes start -->\n" in (root / "CHANGELOG.md").read_text(encoding="utf-8")
