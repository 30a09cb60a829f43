"""Each hazard of azureml-core that was seen: what the backend does about it, and a test that fails where it doesn't."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from azure_lab import FERRY, Lab
from trainferry import Ferry, Job
from trainferry.errors import BackendError, ConfigError, FerryError
from trainferry.specs import RunState

JOB = """
name: try
script: train.py
environment: {name: plain, python: "3.11"}
compute: {name: cpu-cluster, size: Standard_DS3_v2, max_nodes: 2}
"""


def no_threads_of_pools() -> bool:
    """Whether no pool of threads is left open."""
    return not [thread.name for thread in threading.enumerate() if "(_handle_" in thread.name]


def test_an_upload_that_fails_says_so(lab: Lab) -> None:
    """`Datastore.upload` retried for a minute and a half, printed 'Uploaded 0 files' and raised nothing."""
    lab.write("never sent before", "data/one.txt")
    backend = lab.client(retry_seconds=1)
    plan = lab.plan(datasets={"fails": {"path": "data"}})
    lab.azure.admin.add_fault("error", service="blob", methods=["PUT"])
    with pytest.raises(BackendError, match="500"):
        lab.apply(plan, backend)


def test_a_dataset_that_points_nowhere_is_found_before_the_submit(lab: Lab) -> None:
    """`from_files(validate=True)` never touches the storage: a missing path registers without complaint."""
    uri = "azureml://datastores/workspaceblobstore/paths/not/there/"
    plan = lab.backend.plan(lab.job(datasets={"gone": {"uri": uri}}), "try-1")
    assert [finding.id for finding in plan.errors] == ["dataset-unusable"]
    assert "holds nothing at not/there/" in plan.errors[0].message


@pytest.mark.slow
def test_data_that_is_in_the_cloud_is_taken_by_address_and_by_name(lab: Lab) -> None:
    lab.write("a", "data/one.txt")
    payload = next(
        action.payload for action in lab.plan(datasets={"up": {"path": "data"}}).actions if "place" in action.payload
    )
    lab.run(datasets={"up": {"path": "data"}})
    lab.write("import os, sys\nprint(os.listdir(sys.argv[1]))\n")
    short = "azureml://datastores/workspaceblobstore/paths/" + payload["place"].partition("/paths/")[2]
    for reference in ({"uri": short}, {"name": "up"}, {"name": "up", "version": "1"}):
        assert lab.output(datasets={"in": reference}, arguments=["${{ datasets.in }}"]) == "['one.txt']\n"
    missing = lab.backend.plan(lab.job(datasets={"in": {"name": "never-registered"}}), "try-1")
    assert "no dataset 'never-registered'" in missing.errors[0].message


def test_metrics_of_a_script_that_ends_at_once_come_home(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """`run.log` is queued, and a bare script that ends loses it; the file that a job names is not lost."""
    lab.write(
        "import os, pathlib\npathlib.Path('outputs').mkdir(exist_ok=True)\n"
        "pathlib.Path('outputs/h.csv').write_text('epoch,loss\\n0,2.5\\n')\nos._exit(0)\n"
    )
    lab.configure_cli(monkeypatch)
    lab.write(JOB + "metrics: outputs/h.csv\n", "job.yaml")
    with Ferry() as ferry:
        run = ferry.run(Job.load("job.yaml")).wait(60)
        assert [dict(row) for row in run.metrics()] == [{"epoch": 0.0, "loss": 2.5}]


def test_what_a_script_logged_through_azure_is_read_by_step(lab: Lab) -> None:
    ref = lab.run()
    session, run = lab.session(), ref.rpartition("/")[2]
    url = session.workspace().url("metrics", "metric/v2.0", f"/runs/{run}/batch")
    rows = [{"metricId": str(step), "step": step, "data": {"loss": 2.5 - step}} for step in range(2)]
    values = [{"name": "loss", "columns": {"loss": "Double"}, "value": rows}]
    session.http.json("POST", url, "log a metric", json={"values": values, "reportErrors": True})
    assert [dict(row) for row in lab.backend.metrics(ref)] == [{"loss": 2.5}, {"loss": 1.5}]


def test_watching_imports_no_azureml_core(lab: Lab) -> None:
    """Importing it takes 1.7 s warm and 6.9 s the first time; planning and watching must not wait for that."""
    ref = lab.run()
    code = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[1] / "support")!r})
from trainferry import Job
from trainferry.backend import Backend
from trainferry.progress import silent
from trainferry.site import Site
from trainferry_azureml.plugin import AzureMLBackend
backend = Backend("azureml", AzureMLBackend())
backend.configure({lab.settings!r}, Site(home=Path("h"), cache=Path("c")))
ref = {ref!r}
backend.poll([ref]); backend.read_log(ref, None); backend.find_runs(); backend.cancel(ref)
files = [entry.path for entry in backend.list_files(ref)]
backend.fetch(ref, files, Path("out"), silent)
print([name for name in sys.modules if name.split(".")[0] in ("azureml", "msrest", "tensorflow")])
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=lab.project, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


@pytest.mark.slow
def test_a_variable_that_crashes_the_sdk_and_a_stale_list_of_clouds_do_no_harm(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AZUREML_RUN_POLLING_INTERVAL_MIN makes the SDK compare text with numbers; ~/.azure keeps old addresses for ever.

    And nothing that the SDK prints may get into a JSON document.
    """
    monkeypatch.setenv("AZUREML_RUN_POLLING_INTERVAL_MIN", "5")
    monkeypatch.delenv("AZURE_CONFIG_DIR")
    stale = Path(os.environ["HOME"]) / ".azure" / "cloudEndpoints.json"
    stale.parent.mkdir()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"https://127.0.0.1:{nobody.getsockname()[1]}"
        endpoints = {"management": address, "resource_manager": address, "active_directory": address}
        cloud = {"name": "AzureCloud", "endpoints": endpoints, "suffixes": {}, "isActive": False}
        stale.write_text(json.dumps({"clouds": [cloud]}))
        lab.configure_cli(monkeypatch)
        lab.write(JOB, "job.yaml")
        told = json.loads(lab.ferry("run", "job.yaml", "--json").stdout)
    assert told["run"]["state"] == "completed"
    assert json.loads(stale.read_text())["clouds"][0]["endpoints"]["resource_manager"] == address


def test_a_service_that_does_not_answer_is_an_error_in_time(lab: Lab) -> None:
    """The SDK tries on for 22 s by itself, without a way to say how long."""
    ref = lab.run()
    backend = lab.client(retry_seconds=1)
    backend.poll([ref])
    lab.azure.admin.add_fault("disconnect", service="history")
    start = time.monotonic()
    with pytest.raises(BackendError, match=r"no answer from .*/history for"):
        backend.poll([ref])
    assert time.monotonic() - start < 15


def test_the_list_of_subscriptions_is_asked_for_once(lab: Lab) -> None:
    """The SDK asks for it again with every client that it makes: 16 times in one flow."""
    before = lab.azure.admin.count()
    lab.run(compute={"name": "asked-once", "size": "Standard_DS3_v2"}, environment={"name": "once", "python": "3.11"})
    paths = [one["path"] for one in lab.azure.admin.requests(before)]
    assert paths.count("/subscriptions") == 1


def test_only_what_the_rules_of_the_project_say_travels(lab: Lab) -> None:
    """The SDK has no excludes of its own: .env, .git, outputs and caches went up; and it knows no .ferryignore."""
    for name in (
        ".env",
        ".git/config",
        "outputs/old.csv",
        "__pycache__/a.pyc",
        "secret.txt",
        "kept.txt",
        "sub/kept.py",
    ):
        lab.write("x", name)
    lab.write("secret.txt\n", ".ferryignore")
    lab.write("kept.txt\nsub/\n", ".gitignore")
    lab.write("*\n", ".amlignore")
    lab.write("import os\nprint(sorted(os.path.join(d, f) for d, _, fs in os.walk('.') for f in fs))\n")
    listed = json.loads(lab.output().replace("'", '"'))
    assert set(listed) >= {"./kept.txt", "./sub/kept.py", "./train.py"}
    assert not {"./.env", "./.git/config", "./outputs/old.csv", "./secret.txt", "./__pycache__/a.pyc"} & set(listed)


def test_a_link_out_of_the_source_is_refused(lab: Lab) -> None:
    """The SDK followed a link to /etc/hostname, and sent that file along."""
    (lab.project / "link").symlink_to("/etc/hostname")
    plan = lab.backend.plan(lab.job(), "try-1")
    assert [finding.id for finding in plan.errors] == ["link-leads-out"]


def test_too_much_source_is_refused_before_anything_is_sent(lab: Lab) -> None:
    with (lab.project / "big.bin").open("wb") as stream:
        stream.truncate(301 * 1024 * 1024)
    before = lab.azure.admin.count()
    plan = lab.backend.plan(lab.job(), "try-1")
    assert [finding.id for finding in plan.errors] == ["snapshot-too-large"]
    assert "big.bin (316 MB)" in plan.errors[0].message
    (lab.project / "big.bin").unlink()
    for number in range(2001):
        (lab.project / f"{number}.txt").touch()
    assert [finding.id for finding in lab.backend.plan(lab.job(), "try-1").errors] == ["snapshot-too-many-files"]
    assert lab.azure.admin.requests(before) == []


def test_an_unchanged_source_is_not_sent_again(lab: Lab) -> None:
    lab.write("anything", "more.txt")
    lab.run()
    before = lab.azure.admin.count()
    lab.run()
    sent = [one for one in lab.azure.admin.requests(before) if one["service"] == "content" and one["method"] == "POST"]
    assert sent == []


def test_without_a_login_and_a_terminal_nobody_is_asked(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no authentication given, the SDK opens a browser and waits."""
    for name in ("ID", "PASSWORD", "TENANT_ID"):
        monkeypatch.delenv(f"AZUREML_SERVICE_PRINCIPAL_{name}")
    monkeypatch.setenv("PATH", str(FERRY.parent))
    lab.configure_cli(monkeypatch)
    lab.write(JOB, "job.yaml")
    done = subprocess.run(
        [FERRY, "run", "job.yaml"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "there is no login for Azure" in done.stderr
    with pytest.raises(ConfigError, match="needs a person at a terminal"):
        lab.session(auth="device-code").tokens.token()


def test_an_environment_is_registered_as_it_was_written(lab: Lab) -> None:
    """`CondaDependencies.create` pins a Python of its own and adds index lines; new ones carry EXAMPLE_ENV_VAR."""
    plan = lab.plan(environment={"name": "own", "python": "3.11", "pip": ["tomli==2.2.1"], "conda": ["scipy"]})
    action = next(action for action in plan.actions if action.resource.startswith("environment:"))
    lab.backend.apply(action, lab.report)
    session = lab.session()
    url = session.workspace().url(
        "environment", "environment/v1.0", f"/environments/{action.resource.partition(':')[2]}"
    )
    kept = session.http.json("GET", url, "read it")
    assert kept["environmentVariables"] == {}
    assert kept["python"]["condaDependencies"] == {
        "name": "trainferry",
        "channels": ["conda-forge"],
        "dependencies": ["python=3.11", "pip", "scipy", {"pip": ["tomli==2.2.1"]}],
    }


def test_a_failed_submit_leaves_no_threads_behind(lab: Lab) -> None:
    """`_start_internal` closes its pool of threads only if nothing fails."""
    plan = lab.plan()
    lab.azure.admin.add_fault("error", service="execution", status=400)
    with pytest.raises(FerryError, match="400"):
        lab.apply(plan)
    assert no_threads_of_pools()


def test_the_cancel_of_a_run_that_is_gone_is_an_error(lab: Lab) -> None:
    """The SDK's `run.cancel` takes a 404 for a success."""
    ref = lab.run()
    assert lab.status(ref).state is RunState.COMPLETED
    with pytest.raises(FerryError, match="knows no run"):
        lab.backend.cancel(ref + "-gone")
