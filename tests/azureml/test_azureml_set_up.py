"""Making and removing what a job needs: workspace, cluster, environment, and why each of them can be refused."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from azure_lab import FERRY, Lab
from trainferry import Job
from trainferry.errors import BackendError
from trainferry.specs import Finding, Plan
from trainferry.specs.run import RunState

JOB = """\
name: try
script: train.py
environment:
  name: plain
  python: "3.11"
compute: {name: CLUSTER, size: Standard_DS3_v2, max_nodes: 2}
"""


def only_error(plan: Plan) -> Finding:
    """The one error of a plan."""
    (found,) = plan.errors
    return found


def plan_of(lab: Lab, **compute: Any) -> Plan:
    """The plan of a job with that compute; it may have errors."""
    return lab.backend.plan(lab.job(compute={"name": "fresh", **compute}), "try-1")


def test_a_cluster_is_made_once_and_removed(lab: Lab) -> None:
    ref = lab.run(compute={"name": "short-lived", "size": "Standard_DS3_v2", "min_nodes": 1, "max_nodes": 1})
    assert lab.status(ref).state is RunState.COMPLETED
    assert any("waiting for the cluster short-lived" in text or "create" in text for text in lab.said) or lab.said
    lab.backend.tear_down("compute:short-lived")
    kinds = {
        action.resource: str(action.kind) for action in plan_of(lab, name="short-lived", size="Standard_DS3_v2").actions
    }
    assert kinds["compute:short-lived"] == "create"
    lab.backend.tear_down("compute:short-lived")


def test_a_size_without_quota_names_have_need_family_region_and_what_would_fit(lab: Lab) -> None:
    found = only_error(plan_of(lab, size="Standard_NC4as_T4_v3", max_nodes=100))
    assert found.id == "compute-no-quota"
    assert "Standard NCASv3_T4 Family in eastus is 64 cores" in found.message
    assert "100 x Standard_NC4as_T4_v3 need 400" in found.message
    assert "max_nodes: " in found.remedy
    assert "New quota request" in found.remedy
    quota = lab.backend.quota(lab.job(compute={"name": "x", "size": "Standard_NC4as_T4_v3", "max_nodes": 3}).compute)
    assert quota is not None
    assert (quota.limit, quota.needed) == (64, 12)


def test_a_refusal_that_comes_only_from_azure_is_told_in_the_same_words(lab: Lab) -> None:
    plan = lab.plan(compute={"name": "refused", "size": "Standard_NC4as_T4_v3", "max_nodes": 2})
    action = next(action for action in plan.actions if action.resource == "compute:refused")
    lab.azure.admin.add_fault("quota", target="Standard_NC4as_T4_v3")
    with pytest.raises(BackendError, match="quota") as caught:
        lab.backend.apply(action, lab.report)
    assert "New quota request" in caught.value.remedy
    lab.azure.admin.clear_faults()
    lab.azure.admin.add_fault("size_not_in_region", target="Standard_NC4as_T4_v3")
    with pytest.raises(BackendError, match="offer"):
        lab.backend.apply(action, lab.report)


def test_a_size_that_the_region_does_not_have_names_the_nearest(lab: Lab) -> None:
    found = only_error(plan_of(lab, size="Standard_NC4as_T4_v3", region="norwayeast"))
    assert found.id == "compute-not-offered"
    assert "the region norwayeast doesn't offer the size Standard_NC4as_T4_v3" in found.message
    assert "the nearest that it offers" in found.remedy
    assert "did you mean Standard_NC4as_T4_v3" in only_error(plan_of(lab, size="Standard_NC4as_T4_v5")).remedy


def test_the_price_is_an_estimate_with_its_source(lab: Lab) -> None:
    plan = lab.plan(compute={"name": "gpu", "size": "Standard_NC4as_T4_v3"}, timeout="2h")
    assert plan.price is not None
    assert "estimate" in plan.price.source
    assert plan.max_cost == pytest.approx(2 * plan.price.per_hour)


@pytest.mark.parametrize(
    "size", ["Standard_NC6_Promo", "Standard_NC6", "Standard_NC6s_v2", "Standard_NC6s_v3", "Standard_ND6s"]
)
def test_a_withdrawn_series_names_what_replaces_it(lab: Lab, size: str) -> None:
    found = only_error(plan_of(lab, size=size))
    assert found.id == "compute-retired"
    assert "Standard_N" in found.remedy


@pytest.mark.parametrize("name", ["a", "under_score", "-x", "9lives", "x" * 40])
def test_a_bad_name_is_found_without_asking_azure(lab: Lab, name: str) -> None:
    before = lab.azure.admin.count()
    found = only_error(lab.backend.plan(lab.job(compute={"name": name, "size": "Standard_DS3_v2"}), "try-1"))
    assert found.id == "compute-name"
    assert lab.azure.admin.requests(before) == []


def test_a_cluster_that_does_not_fit_is_not_taken(lab: Lab) -> None:
    lab.run()
    assert only_error(plan_of(lab, name="cpu-cluster", size="Standard_D4s_v3")).id == "compute-size-differs"
    job = lab.job(distribution={"kind": "mpi", "nodes": 9})
    assert only_error(lab.backend.plan(job, "try-1")).id == "compute-too-small"


@pytest.mark.slow
def test_a_failing_image_build_names_the_line_and_the_place_in_the_job_file(lab: Lab) -> None:
    text = JOB.replace("CLUSTER", "cpu-cluster") + "\n"
    text = text.replace('  python: "3.11"\n', '  python: "3.11"\n  pip:\n    - trainferry-no-such-package==9.9\n')
    job = Job.load(lab.write(text, "job.yaml"))
    plan = lab.backend.plan(job, "try-1")
    build = next(action for action in plan.actions if action.resource.startswith("environment:"))
    with pytest.raises(BackendError, match="trainferry-no-such-package") as caught:
        lab.backend.apply(build, lab.report)
    assert str(caught.value.where).endswith("job.yaml:7:7")
    assert "it is about 'trainferry-no-such-package==9.9'" in caught.value.remedy


def test_an_environment_of_the_same_content_has_the_same_name_and_another_has_not(lab: Lab) -> None:
    def name(**fields: Any) -> str:
        actions = lab.plan(environment={"name": "e", "python": "3.11", **fields}).actions
        return next(one.resource for one in actions if one.resource.startswith("environment:"))

    assert name() == name(variables={"A": "b"})
    assert len({name(), name(pip=["six"]), name(image="ubuntu:24.04"), name(conda=["scipy"])}) == 4
    lab.write("FROM ubuntu:24.04\n", "Dockerfile")
    first = name(dockerfile="Dockerfile")
    lab.write("FROM ubuntu:22.04\n", "Dockerfile")
    assert name(dockerfile="Dockerfile") != first


@pytest.mark.parametrize(
    ("environment", "rule"),
    [
        ("current", "environment-current"),
        ({"curated": "AzureML-none"}, "environment-no-curated"),
        ({"curated": "AzureML-x", "pip": ["six"]}, "environment-curated-mixed"),
        ({"image": "a", "dockerfile": "train.py"}, "environment-two-images"),
        ({"dockerfile": "none"}, "dockerfile-unreadable"),
        ({"dockerfile": "Copying"}, "dockerfile-context"),
    ],
)
def test_an_environment_that_azure_cannot_have_is_found_by_the_plan(lab: Lab, environment: Any, rule: str) -> None:
    lab.write("FROM ubuntu\nCOPY a /a\n", "Copying")
    assert only_error(lab.backend.plan(lab.job(environment=environment), "try-1")).id == rule


@pytest.mark.slow
def test_a_workspace_is_created_by_up_alone_and_removed_by_down(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.settings |= {"resource_group": "new-group", "workspace": "new-workspace"}
    lab.configure_cli(monkeypatch)
    lab.write(JOB.replace("CLUSTER", "new-cluster"), "job.yaml")
    refused = lab.ferry("run", "job.yaml", code=1)
    assert "create the workspace new-workspace in eastus, with a storage account" in refused.stderr
    assert "ferry up" in refused.stderr
    asked = subprocess.run(
        [FERRY, "up", "job.yaml"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert asked.returncode == 1
    assert "--yes" in asked.stderr
    told = json.loads(lab.ferry("up", "job.yaml", "--yes", "--json").stdout)
    assert told["made"][:2] == ["workspace:new-workspace", "compute:new-cluster"]
    config = json.loads((lab.project / ".azureml" / "config.json").read_text())
    assert config["workspace_name"] == "new-workspace"
    assert "all that the job needs is there" in lab.ferry("up", "job.yaml").stdout
    lab.write('backend = "azureml"\n', "trainferry.toml")
    lab.ferry("run", "job.yaml")
    down = json.loads(lab.ferry("down", "job.yaml", "--yes", "--json").stdout)
    assert down["removed"] == ["compute:new-cluster"]
    assert down["kept"][0]["resource"].startswith("environment:")
    down = json.loads(lab.ferry("down", "job.yaml", "--all", "--yes", "--json").stdout)
    assert "workspace:new-workspace" in down["removed"]


@pytest.mark.slow
def test_runs_of_another_machine_are_found_and_adopted(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.configure_cli(monkeypatch)
    lab.write(JOB.replace("CLUSTER", "cpu-cluster") + "experiment: elsewhere\ntags: {team: vision}\n", "job.yaml")
    done = lab.ferry("run", "job.yaml", "--json")
    assert "left Microsoft's support on 2026-06-30" in done.stderr
    run_id = json.loads(done.stdout)["run"]["id"]
    assert "support" not in lab.ferry("plan", "job.yaml").stderr, "that is told once"
    monkeypatch.setenv("TRAINFERRY_HOME", str(lab.project.parent / "another-machine"))
    assert json.loads(lab.ferry("runs", "--json").stdout)["runs"] == []
    found = lab.ferry("runs", "--remote", "--experiment", "elsewhere", "--json")
    assert f"1 adopted from 'azureml': {run_id}" in found.stderr
    (one,) = json.loads(found.stdout)["runs"]
    assert (one["id"], one["state"], one["experiment"]) == (run_id, "completed", "elsewhere")
    assert "knows no runs" in lab.ferry("runs", "--remote", "--experiment", "elsewhere").stderr
    assert "[]" in lab.ferry("logs", run_id).stdout
    lab.ferry("fetch", run_id, "--to", "results")
    assert Path("results/logs/std_log.txt").read_text() == "[]\n"
