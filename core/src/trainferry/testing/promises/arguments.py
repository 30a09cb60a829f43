"""Promise 8, arguments: they arrive exactly, and so do variables, the source folder, and nothing else."""

import hashlib
from typing import Any

import pytest

from trainferry.testing.kit import Kit
from trainferry.testing.runs import ARGUMENTS, BESIDE, VARIABLES

Report = dict[str, Any]


def test_there_are_as_many_arguments_as_the_job_has(kit: Kit, reporting_run: Report) -> None:
    assert len(reporting_run["arguments"]) == len(ARGUMENTS)


@pytest.mark.parametrize("what", ARGUMENTS)
def test_an_argument_arrives_exactly(kit: Kit, reporting_run: Report, what: str) -> None:
    place = list(ARGUMENTS).index(what)
    assert reporting_run["arguments"][place : place + 1] == [ARGUMENTS[what]]


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_arrives_exactly(kit: Kit, reporting_run: Report, name: str) -> None:
    assert reporting_run["variables"].get(name) == VARIABLES[name]


def test_variables_that_the_job_does_not_have_do_not_appear(kit: Kit, reporting_run: Report) -> None:
    assert reporting_run["variables"].keys() == VARIABLES.keys()


@pytest.mark.parametrize("name", ["kit.py", "beside/module.py", "data.bin"])
def test_the_source_folder_travels_unchanged(kit: Kit, reporting_run: Report, name: str) -> None:
    content = BESIDE.get(name)
    if content is None:
        assert name in reporting_run["files"]
        return
    data = content if isinstance(content, bytes) else content.encode()
    assert reporting_run["files"].get(name) == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("name", ["with space.txt", "ünï\U0001f600.txt", "100%+#.txt"], ids=ascii)
def test_a_file_travels_whatever_its_name(kit: Kit, name: str) -> None:
    """Or the job is refused before anything runs, with what to do about it."""
    job = kit.job("import os; print('kit-names', *sorted(os.listdir('.')), sep='|')", {name: "x"})
    plan = kit.backend.plan(job, kit.new_run_id())
    if plan.errors:
        assert all(finding.remedy for finding in plan.errors)
        return
    ref = kit.apply(plan)
    assert kit.wait(ref).exit_code == 0
    assert f"|{name}" in kit.log(ref)


def test_the_script_runs_in_its_source_folder_and_imports_from_it(kit: Kit, reporting_run: Report) -> None:
    assert reporting_run["module"] == 42  # noqa: PLR2004  (what beside/module.py holds)


def test_a_script_in_a_subfolder_runs_in_the_source_folder(kit: Kit) -> None:
    files = {"deep/er/train.py": "import os; print('kit-names', *sorted(os.listdir('.')))\n", "mark.txt": "x"}
    ref = kit.completed(kit.job(files=files).laid_over({"script": "deep/er/train.py"})).ref
    line = next(line for line in kit.log(ref).splitlines() if line.startswith("kit-names "))
    assert {"deep", "mark.txt"} <= set(line.split())


def test_the_script_gets_no_input(kit: Kit, reporting_run: Report) -> None:
    """It would wait for a person who isn't there."""
    assert reporting_run["input"] == ""


def test_a_job_without_arguments_gets_none(kit: Kit) -> None:
    ref = kit.completed(kit.job("import sys; print('kit-count', len(sys.argv) - 1)")).ref
    assert "kit-count 0" in kit.log(ref).splitlines()


def test_what_the_ignore_file_names_stays_at_home(kit: Kit, reporting_run: Report) -> None:
    assert "left/at/home.txt" not in reporting_run["files"]
