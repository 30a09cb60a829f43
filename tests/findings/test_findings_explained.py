"""Every id of a finding, wherever the code makes one, has its rule: what it means, and its part of the reference."""

import ast
from collections.abc import Iterator
from pathlib import Path

from trainferry.checks.rules import RULES
from trainferry.explaining import every_rule, rules_of_backends

MAKERS = ("found", "finding", "_found", "_finding")
"""Functions that make a finding; the id is one of the first two arguments."""


def ids_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Each id that is written in a call that makes a finding, with the file it stands in."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from ((text, str(file)) for text in ids_of(node))


def ids_of(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    given = call.args[:2] if name in MAKERS else []
    given += [keyword.value for keyword in call.keywords if name == "Finding" and keyword.arg == "id"]
    for argument in given:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and " " not in argument.value:
            yield argument.value


def test_every_finding_of_the_core_has_a_rule(root: Path) -> None:
    ids = dict(ids_in(root / "core" / "src"))
    assert {name: file for name, file in ids.items() if "-" in name and name not in RULES} == {}
    assert len(ids) > 50


def test_every_finding_of_a_backend_has_a_rule(root: Path) -> None:
    known = every_rule()
    for backend in ("local", "azureml", "ray"):
        ids = dict(ids_in(root / "backends" / backend / "src"))
        missing = {name: file for name, file in ids.items() if "-" in name and name not in known}
        assert missing == {}, "add them to the rules that the plugin's hook `rules` returns, then: make docs"
        assert ids


def test_every_rule_says_all_and_has_its_part_of_the_reference(root: Path) -> None:
    page = (root / "docs" / "reference" / "findings.md").read_text(encoding="utf-8")
    for rules in (RULES, *rules_of_backends().values()):
        for name, rule in rules.items():
            assert f"### {name}\n" in page, name
            for text in (rule.title, rule.why, rule.how, rule.example):
                assert text, name
            assert rule.why.endswith("."), name
