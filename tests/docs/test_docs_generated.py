"""The pages of docs/reference/ that are made from the code say what the code says."""

import shlex
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from markdown_pages import Page, pages
from trainferry.cli.parser import make
from trainferry.cli.table import COMMANDS
from trainferry.schema import job_schema

ROOT = Path(__file__).resolve().parents[2]


def test_the_generated_pages_are_current() -> None:
    command = [sys.executable, "docs/generate.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_page_that_differs_from_the_code_is_named(tmp_path: Path) -> None:
    """The check above can fail."""
    for file in (ROOT / "docs").glob("*.py"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "hooks.md").write_text("# Something old\n", encoding="utf-8")
    command = [sys.executable, "generate.py", "--check"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "-# Something old" in done.stdout
    assert "run: make docs" in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_of_a_command_is_right_usage(name: str) -> None:
    """They stand in the reference and in --help, where nothing else would try them."""
    module, parser = make(name)
    for command, _ in module.EXAMPLES:
        words = list(takewhile(lambda word: word not in ("|", ">", "&&"), shlex.split(command)))
        assert words[:2] == ["ferry", name], command
        parser.parse_args(words[2:])


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in pages(ROOT)])
def test_the_schema_accepts_every_job_file_that_is_shown(page: Page) -> None:
    """An editor that checks with the schema must not complain about what the pages recommend."""
    validator = Draft202012Validator(job_schema())
    for text in page.job_files:
        assert [error.message for error in validator.iter_errors(yaml.safe_load(text))] == []
