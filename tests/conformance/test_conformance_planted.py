"""The kit finds what is wrong: each backend of planted/broken/ fails the test that is meant for its mistake.

The backend that they vary is what the guide to writing a backend ends with: a new backend as `ferry new-backend` writes
it, with the modules of planted/. It passes every test.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from trainferry.scaffold import new_backend

pytestmark = pytest.mark.slow

PLANTED = Path(__file__).with_name("planted")
PARTS = {"canceling": "Canceling", "fetching": "Fetching", "searching": "Searching"}
BROKEN = sorted(file.stem for file in (PLANTED / "broken").glob("[a-z]*.py"))
AT_LEAST = 20

MODULE = """
import pytest
from trainferry.testing import Target
from trainferry.testing.suite import *

@pytest.fixture(scope="module")
def backend_under_test():
    return Target("mill", plugin={plugin!r}, patience={patience}, slow_seconds=0.5)
"""


def caught_by(name: str) -> str:
    """The test that is meant to catch a mistake, as its module says."""
    tree = ast.parse((PLANTED / "broken" / f"{name}.py").read_text(encoding="utf-8"))
    values = [node.value for node in tree.body if isinstance(node, ast.Assign) and "CAUGHT_BY" in ast.unparse(node)]
    return str(ast.literal_eval(values[0]))


def finished_mill(folder: Path) -> Path:
    """Make the backend `mill` and give it the hooks of planted/; returns the folder of its source."""
    new_backend("mill", folder)
    source = folder / "src" / "trainferry_mill"
    for part in ("runs", *PARTS):
        shutil.copy(PLANTED / f"{part}.py", source)
    plugin = source / "plugin.py"
    text = plugin.read_text(encoding="utf-8")
    imports = "".join(f"from trainferry_mill.{part} import {name}\n" for part, name in PARTS.items())
    text = text.replace("\n\n\nclass Mill:", f"\n{imports}\n\nclass Mill({', '.join(PARTS.values())}):")
    plugin.write_text(text, encoding="utf-8")
    return folder / "src"


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """How each test ended, by `module::test`: all of the kit on the correct backend, one test on each broken one."""
    folder = tmp_path_factory.mktemp("planted")
    source = finished_mill(folder / "mill")
    (folder / "conftest.py").write_text('pytest_plugins = ["trainferry.testing.plugin"]\n')
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_correct.py").write_text(MODULE.format(plugin="trainferry_mill.plugin:Mill", patience=60))
    wanted = ["test_correct.py"]
    for name in BROKEN:
        (folder / f"test_{name}.py").write_text(MODULE.format(plugin=f"broken.{name}:Broken", patience=2))
        wanted.append(f"test_{name}.py::{caught_by(name)}")
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(source), str(PLANTED)])}
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:randomly", "-p", "no:cacheprovider", *wanted]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    found = {
        test: how for how, test in re.findall(r"^(PASSED|FAILED|ERROR) (\S+?\.py::\S+)", done.stdout, re.MULTILINE)
    }
    assert found, done.stdout + done.stderr
    return found


def test_the_correct_backend_passes_everything(outcomes: dict[str, str]) -> None:
    own = {test: how for test, how in outcomes.items() if test.startswith("test_correct.py::")}
    assert [test for test, how in own.items() if how != "PASSED"] == []
    assert len(own) > 2 * AT_LEAST


def test_there_are_at_least_twenty_planted_mistakes() -> None:
    assert len(BROKEN) >= AT_LEAST


@pytest.mark.parametrize("name", BROKEN)
def test_a_planted_mistake_is_caught_by_the_test_meant_for_it(outcomes: dict[str, str], name: str) -> None:
    assert outcomes.get(f"test_{name}.py::{caught_by(name)}") == "FAILED"
    assert outcomes.get(f"test_correct.py::{caught_by(name)}", "SKIPPED") in ("PASSED", "SKIPPED")
