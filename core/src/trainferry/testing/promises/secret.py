"""Promise 10, secrets: they never reach a snapshot, a log of ours, a plan that is shown, or an error."""

import hashlib
from typing import Any

import pytest

from trainferry.errors import FerryError
from trainferry.testing import scripts
from trainferry.testing.kit import Kit
from trainferry.testing.requirements import requires
from trainferry.testing.runs import SECRET, ended


def secret_job(kit: Kit, script: str = scripts.QUICK, **fields: Any) -> Any:
    """A job with a secret among its variables."""
    return kit.job(script, environment={"current": True, "variables": {"KIT_API_TOKEN": SECRET}}, **fields)


def test_a_secret_variable_reaches_the_script(kit: Kit, reporting_run: dict[str, Any]) -> None:
    assert reporting_run["secret"] == hashlib.sha256(SECRET.encode()).hexdigest()


@pytest.mark.parametrize("name", [".env", "id_rsa"])
def test_files_of_secrets_do_not_travel(kit: Kit, reporting_run: dict[str, Any], name: str) -> None:
    assert name not in reporting_run["files"]


def test_no_log_shows_a_secret(kit: Kit, reporting_run: dict[str, Any]) -> None:
    """The script prints none of it; so whoever does would be the backend."""
    assert SECRET not in kit.log(ended(kit, "reporting_run"))


def test_no_step_and_no_finding_of_a_plan_shows_a_secret(kit: Kit) -> None:
    plan = kit.plan(secret_job(kit))
    shown = [*(action.summary for action in plan.actions), *(action.resource for action in plan.actions)]
    assert [text for text in [*shown, *map(str, plan.findings)] if SECRET in text] == []


def test_the_reason_of_a_failure_shows_no_secret(kit: Kit) -> None:
    status = kit.wait(kit.submit(secret_job(kit, scripts.FAILING)).ref)
    assert SECRET not in status.reason


def test_the_error_of_a_refused_submit_shows_no_secret(kit: Kit) -> None:
    job = secret_job(kit)
    plan = kit.plan(job)
    (job.source_folder / "kit.py").unlink()
    text = ""
    try:
        kit.apply(plan)
    except FerryError as error:
        text = f"{error}{error!r}"
    assert SECRET not in text


@requires("list_files", "fetch")
def test_no_file_of_a_run_holds_a_secret(kit: Kit, reporting_run: dict[str, Any]) -> None:
    ref, folder = ended(kit, "reporting_run"), kit.folder("secrets")
    names = [entry.path for entry in kit.backend.list_files(ref)]
    homes = kit.backend.fetch(ref, names, folder, lambda _event: None)
    assert [str(home) for home in homes if SECRET.encode() in home.read_bytes()] == []


@requires("find_runs")
def test_no_tag_of_a_found_run_holds_a_secret(kit: Kit, reporting_run: dict[str, Any]) -> None:
    ref = ended(kit, "reporting_run")
    found = [one for one in kit.backend.find_runs() if one.ref == ref]
    assert len(found) == 1
    assert SECRET not in str(found)
