"""Runs over the wire: submitted, followed, canceled; the scripts really run."""

import pytest

from wire_client import Wire, wait_for

LOG = "user_logs/std_log.txt"


@pytest.fixture
def cluster(wire: Wire) -> str:
    """A compute target."""
    wire.put_compute("runs")
    return "runs"


def test_a_run_from_submission_to_its_files(wire: Wire, cluster: str) -> None:
    script = "import pathlib, sys\nprint(sys.argv[1:])\npathlib.Path('outputs/model.txt').write_text('done')\n"
    arguments = ["--rate", 0.1, True, "a b", ""]
    run_id = wire.submit(script, cluster, arguments=arguments, tags={"mine": "1"})
    run = wire.ended(run_id)
    assert (run["status"], run["properties"]["ExitCode"]) == ("Completed", "0"), run["error"]
    assert run["startTimeUtc"] <= run["endTimeUtc"]
    assert "['--rate', '0.1', 'True', 'a b', '']" in wire.file(run_id, LOG)
    assert wire.file(run_id, "outputs/model.txt") == "done"
    page = wire.client.get(f"/runs/{run_id}", params={"wsid": wire.scope}, headers={"authorization": ""})
    assert "status          Completed" in page.text, "the address that the SDK prints"
    details = wire.ask("GET", wire.service("history", f"/experiments/exp/runs/{run_id}/details"))
    assert LOG in details["logFiles"]
    assert details["runDefinition"]["arguments"] == arguments


def test_the_same_id_is_taken_on_once(wire: Wire, cluster: str) -> None:
    run_id = wire.submit("print('once')", cluster, run_id="once_1")
    assert wire.submit("print('twice')", cluster, run_id="once_1") == run_id
    wire.ended(run_id)
    assert wire.file(run_id, LOG).split() == ["once"]


def test_a_failing_script_says_why(wire: Wire, cluster: str) -> None:
    run = wire.ended(wire.submit("raise SystemExit('no data here')", cluster))
    assert run["status"] == "Failed"
    error = run["error"]["error"]
    assert error["code"] == "UserError"
    assert "no data here" in error["message"]


def test_a_canceled_run_ends(wire: Wire, cluster: str) -> None:
    run_id = wire.submit("import time\nprint('up', flush=True)\ntime.sleep(600)", cluster)
    wait_for(lambda: wire.run(run_id)["status"] == "Running", "the script's start")
    wire.ask("POST", wire.run(run_id)["cancelUri"])
    assert wire.run(run_id)["status"] in ("CancelRequested", "Canceled")
    assert wire.ended(run_id)["status"] == "Canceled"
    wire.ask("POST", wire.run(run_id)["cancelUri"])


def test_a_canceled_run_does_not_start(wire: Wire, cluster: str) -> None:
    """It is canceled while its node comes up: what the engine tells of it until then makes it run no more."""
    run_id = wire.submit("print('never')", cluster)
    wire.ask("POST", wire.run(run_id)["cancelUri"])
    seen: set[str] = set()

    def over() -> bool:
        seen.add(wire.run(run_id)["status"])
        return bool(seen & {"Canceled", "Completed", "Failed"})

    wait_for(over, "its end")
    assert seen <= {"CancelRequested", "Canceled"}


def test_the_older_runtime_has_the_older_names_of_logs(wire: Wire, cluster: str) -> None:
    variables = {"AZUREML_COMPUTE_USE_COMMON_RUNTIME": "false"}
    run_id = wire.submit("print('old')", cluster, environmentVariables=variables)
    wire.ended(run_id)
    assert "old" in wire.file(run_id, "azureml-logs/70_driver_log.txt")


def test_what_cannot_run_is_refused(wire: Wire, cluster: str) -> None:
    path, snapshot = wire.service("execution", "/experiments/exp/snapshotrun"), wire.snapshot({"main.py": ""})
    plain = {"python": {"condaDependencies": {}}, "name": "plain"}
    for configuration, words in (
        ({"target": "nowhere", "environment": plain}, "Unknown compute target 'nowhere'"),
        ({"target": cluster, "environment": {"name": "never-made"}}, "never-made"),
        ({"target": cluster, "environment": plain, "nodeCount": 9, "communicator": "Mpi"}, "at most 2"),
        (
            {"target": cluster, "environment": plain, "data": {"d": {"dataLocation": {"dataset": {"id": "?"}}}}},
            "Input d: Cannot find dataset",
        ),
    ):
        body = {"Configuration": configuration, "SnapshotId": snapshot}
        assert words in wire.ask("POST", path, body, status=400)["error"]["message"]


def test_a_dataset_is_mounted_and_an_output_lands_in_its_datastore(wire: Wire, cluster: str) -> None:
    section = wire.ask("GET", wire.service("datastore", "/default"))["azureStorageSection"]
    artifact = wire.service("artifact", "/artifacts/content/LocalUpload/ds/x.txt", "v2.0")
    wire.client.post(artifact, content=b"from storage").raise_for_status()
    uri = "azureml://datastores/workspaceartifactstore/paths/LocalUpload/ds"
    saved = wire.ask(
        "POST",
        wire.service("dataset", "/saveddatasets"),
        {"datasetType": "file", "dataflowJson": f"type: mltable\npaths:\n- folder: {uri}\n"},
    )
    data = {
        "in": {"dataLocation": {"dataset": {"id": saved["id"]}}, "mechanism": "mount", "environmentVariableName": "IN"}
    }
    place = {"dataPath": {"datastoreName": "workspaceblobstore", "relativePath": "results/{run-id}"}}
    output = {"out": {"outputLocation": place, "mechanism": "upload", "environmentVariableName": "OUT"}}
    script = (
        "import os, sys, pathlib\n"
        "text = pathlib.Path(sys.argv[1], 'x.txt').read_text()\n"
        "pathlib.Path(os.environ['OUT'], 'y.txt').write_text(text.upper())\n"
    )
    run_id = wire.submit(
        script,
        cluster,
        arguments=["DatasetConsumptionConfig:in", "DatasetOutputConfig:out"],
        data=data,
        outputData=output,
    )
    run = wire.ended(run_id)
    assert run["status"] == "Completed", run["error"]
    copied = {
        "type": "mltable",
        "paths": [{"file": f"azureml://datastores/workspaceblobstore/paths/results/{run_id}/y.txt"}],
    }
    again = wire.ask(
        "POST", wire.service("dataset", "/saveddatasets"), {"datasetType": "file", "dataflowJson": str(copied)}
    )
    data["in"]["dataLocation"] = {"dataset": {"id": again["id"]}}
    second = wire.submit(
        "import sys; print(open(sys.argv[1]).read())", cluster, arguments=["DatasetConsumptionConfig:in"], data=data
    )
    assert wire.ended(second)["status"] == "Completed", section["containerName"]
    assert "FROM STORAGE" in wire.file(second, LOG)
