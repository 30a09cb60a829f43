"""A service that takes a request and never answers: whatever was asked, the command ends and says who was silent."""

import pytest

from azure_lab import Lab
from trainferry.errors import BackendError

JOB = """
name: try
script: train.py
environment: {{name: plain, python: "3.11", pip: ["{package}"]}}
compute: {{name: {cluster}, size: Standard_DS3_v2, max_nodes: 2}}
"""


@pytest.mark.parametrize("service", ["workspace", "compute", "environment", "datastore", "dataset"])
def test_a_plan_names_the_service_that_is_silent(lab: Lab, service: str) -> None:
    lab.write("a", "data/one.txt")
    backend = lab.client(look_seconds=0.5)
    lab.azure.admin.add_fault("hang", service=service)
    plan = backend.plan(lab.job(datasets={"in": {"path": "data"}}), "try-1")
    told = [finding.message for finding in plan.findings if "no answer from 127.0.0.1" in finding.message]
    assert told, [str(finding) for finding in plan.findings]
    assert " s (ReadTimeout)" in told[0]


def test_a_plan_says_that_the_storage_is_silent(lab: Lab) -> None:
    lab.write("a", "data/one.txt")
    backend = lab.client(look_seconds=0.5)
    lab.azure.admin.add_fault("hang", service="blob")
    plan = backend.plan(lab.job(datasets={"in": {"path": "data"}}), "try-1")
    (error,) = plan.errors
    assert (error.id, "gave no answer in time" in error.message) == ("dataset-unusable", True)


def test_a_silent_login_is_told_as_one(lab: Lab) -> None:
    session = lab.session(look_seconds=0.6)
    assert session.cloud.name == "AzureCloud"
    lab.azure.admin.add_fault("hang", service="aad")
    with pytest.raises(BackendError, match=r"can't log in to Azure .*no answer from the login service for") as caught:
        session.tokens.token()
    assert "network" in caught.value.remedy


def test_a_silent_list_of_clouds_is_told_as_one(lab: Lab) -> None:
    lab.azure.admin.add_fault("hang", service="aad", path="/metadata/*")
    plan = lab.client(look_seconds=0.5).plan(lab.job(), "try-1")
    assert "can't read the list of clouds" in plan.errors[0].message


def test_watching_a_run_ends_when_its_history_is_silent(lab: Lab) -> None:
    ref = lab.run()
    backend = lab.client(answer_seconds=0.5, retry_seconds=0.5)
    lab.azure.admin.add_fault("hang", service="history")
    with pytest.raises(BackendError, match=r"no answer from .*/history for"):
        backend.poll([ref])


def test_doctor_ends_and_says_who_is_silent(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.settings["look_seconds"] = 0.5
    lab.configure_cli(monkeypatch)
    lab.azure.admin.add_fault("hang", service="workspace")
    assert "can't open the workspace" in lab.ferry("doctor", "azureml", code=1).stderr


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("service", "methods", "doing", "asked"),
    [
        ("compute", ["PUT"], "create the cluster", "/subscriptions"),
        ("environment", ["PUT"], "register the environment", "/environment"),
        ("content", [], "submit the run", "/content"),
        ("execution", ["POST"], "submit the run", "/execution"),
    ],
)
def test_azureml_core_waits_for_nobody_for_ever(
    lab: Lab, service: str, methods: list[str], doing: str, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`requests.put(url)` in the SDK knows no time limit: one such call hung until somebody pressed Ctrl-C."""
    new = service in ("compute", "environment")
    lab.settings |= {"answer_seconds": 4, "retry_seconds": 1}
    lab.configure_cli(monkeypatch)
    monkeypatch.setenv("AZUREML_DEFAULT_RETRIES", "1")  # of the SDK, which doubles its pause after each
    cluster, package = (f"silent-{service}", "tomli==2.0.2") if new else ("cpu-cluster", "tomli==2.2.1")
    if not new:
        lab.wait(lab.submit(environment={"name": "plain", "python": "3.11", "pip": [package]}))
    lab.write(JOB.format(cluster=cluster, package=package), "job.yaml")
    lab.azure.admin.add_fault("hang", service=service, methods=methods)
    told = lab.ferry("run", "job.yaml", code=1).stderr
    assert f"can't {doing}" in told
    assert f"no answer from 127.0.0.1:{_port(lab)}{asked} for" in told


def _port(lab: Lab) -> int:
    return int(lab.azure.url.rpartition(":")[2])


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_workspace_that_is_never_made_is_given_up(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.settings |= {"answer_seconds": 4, "retry_seconds": 1, "workspace": "silent-workspace"}
    lab.configure_cli(monkeypatch)
    monkeypatch.setenv("AZUREML_DEFAULT_RETRIES", "1")
    lab.write(JOB.format(cluster="cpu-cluster", package="tomli==2.2.1"), "job.yaml")
    lab.azure.admin.add_fault("hang", path="*/deployments/*", methods=["PUT"])
    told = lab.ferry("up", "job.yaml", "--yes", code=1).stderr
    assert "can't create the workspace silent-workspace: no answer from" in told
