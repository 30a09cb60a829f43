"""The kit as a pytest plugin: its options, what it skips and why, known failures, the time budget."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trainferry.hookspecs import REQUIRED
from trainferry.scaffold import new_backend
from trainferry.testing import Target, promises, requires
from trainferry.testing.requirements import OPTIONAL, TOLD, hooks

CONFTEST = 'pytest_plugins = ["trainferry.testing.plugin"]\n'
MODULE = """
import pytest
from trainferry.testing import Target
from trainferry.testing.suite import *

@pytest.fixture(scope="module")
def backend_under_test():
    return Target("mill", plugin="trainferry_mill.plugin:Mill", {more})
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a new backend on its path, that isn't installed."""
    new_backend("mill", tmp_path / "mill")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "conftest.py").write_text(CONFTEST)
    return folder


def run_pytest(project: Path, *arguments: str, module: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in the project on a module that imports the kit."""
    if module:
        (project / "test_mill.py").write_text(module)
    variables = {**os.environ, "PYTHONPATH": str(project.parent / "mill" / "src"), **more}
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "-p", "no:randomly", *arguments]
    return subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True, check=False)


def test_every_hook_is_required_told_or_optional() -> None:
    assert {*REQUIRED, *TOLD, *OPTIONAL} == set(hooks())


def test_there_are_at_least_eighty_tests_and_no_two_share_a_name() -> None:
    names = promises.names()
    assert len(names) >= 80
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


def test_only_optional_hooks_can_be_required() -> None:
    with pytest.raises(ValueError, match="not an optional hook: plan"):
        requires("plan")


def test_a_target_can_be_changed_without_touching_the_first() -> None:
    first = Target("mill")
    assert (first.but(patience=1).patience, first.patience) == (1, 60)


def test_a_missing_capability_is_skipped_by_name_and_its_mirror_runs(project: Path) -> None:
    module = MODULE.format(more="")
    done = run_pytest(project, "-k", "unknown_run_is_an_error or says_so", module=module)
    assert done.returncode == 0, done.stdout
    assert "the backend 'mill' does not implement: cancel" in done.stdout
    assert "PASSED test_mill.py::test_what_is_not_implemented_says_so[cancel]" in done.stdout
    assert "the backend 'mill' implements 'rehearsal_rules'" in done.stdout


def test_a_known_failure_must_fail_as_it_says(project: Path) -> None:
    failures = '"test_asking_for_no_run_gives_none": ("for no reason", AssertionError), "test_gone": ("", OSError)'
    known = f"known_failures={{{failures}}}"
    done = run_pytest(project, "-k", "no_run_gives_none or known_failure", module=MODULE.format(more=known))
    assert done.returncode == 1
    assert "[XPASS(strict)] for no reason" in done.stdout
    assert "FAILED test_mill.py::test_each_known_failure_names_a_test_of_the_kit" in done.stdout
    assert "test_gone" in done.stdout


def test_a_known_failure_that_fails_is_no_failure(project: Path) -> None:
    plugin = project / "wrong.py"
    plugin.write_text(
        "from trainferry.hookspecs import hookimpl\nfrom trainferry_mill.plugin import Mill\n\n"
        "class Wrong(Mill):\n    @hookimpl\n    def poll(self, refs):\n        return {'a': 1}\n"
    )
    known = 'known_failures={"test_asking_for_no_run_gives_none": ("it makes up a run", AssertionError)}'
    module = MODULE.format(more=known).replace("trainferry_mill.plugin:Mill", "wrong:Wrong")
    done = run_pytest(project, "-k", "no_run_gives_none", module=module)
    assert done.returncode == 0, done.stdout
    assert "1 xfailed" in done.stdout


def test_asserts_of_the_kit_show_both_sides(project: Path) -> None:
    (project / "wrong.py").write_text(
        "from trainferry.hookspecs import hookimpl\nfrom trainferry_mill.plugin import Mill\n\n"
        "class Wrong(Mill):\n    @hookimpl\n    def poll(self, refs):\n        return {'made': 'up'}\n"
    )
    module = MODULE.format(more="").replace("trainferry_mill.plugin:Mill", "wrong:Wrong")
    done = run_pytest(project, "-k", "no_run_gives_none", module=module)
    assert "assert {'made': 'up'} == {}" in done.stdout


def test_a_used_up_budget_fails_what_is_left(project: Path) -> None:
    done = run_pytest(project, "--trainferry-budget", "0", "-k", "no_run_gives_none", module=MODULE.format(more=""))
    assert done.returncode == 1
    assert "the time budget of 0 s is used up" in done.stdout


def test_an_installed_backend_needs_no_file_at_all(project: Path) -> None:
    metadata = project.parent / "mill" / "src" / "trainferry_mill-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "entry_points.txt").write_text("[trainferry.backends]\nmill = trainferry_mill.plugin:Mill\n")
    (project / "conftest.py").unlink()
    arguments = ["-p", "trainferry.testing.plugin", "--pyargs", "trainferry.testing.suite", "-k", "required_hook"]
    done = run_pytest(project, *arguments, "--trainferry-backend", "mill")
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


def test_without_a_backend_it_says_what_to_pass(project: Path) -> None:
    module = "from trainferry.testing.suite import *\n"
    done = run_pytest(project, "-k", "no_run_gives_none", module=module)
    assert "which backend? pass --trainferry-backend NAME" in done.stdout
