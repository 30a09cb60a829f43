"""Run history, metrics and artifacts over the wire."""

from typing import Any

import pytest

from azureml_emulator.history.filters import compiled
from azureml_emulator.server.errors import ServiceError
from wire_client import Wire

RUN = {
    "runId": "exp_1",
    "status": "Running",
    "parentRunId": None,
    "createdUtc": "2026-11-24T10:00:00.000000Z",
    "tags": {"team": "vision", "trainferry.run": "ab c", "empty": None},
    "properties": {"azureml.runsource": "azureml.scriptrun"},
    "runType": "azureml.scriptrun",
}


@pytest.mark.parametrize(
    "text",
    [
        None,
        "(Status eq Running)",
        'Tags/team eq "vision"',
        "Tags/team eq 'vision'",
        '(Tags/trainferry.run eq "ab c")',
        "(Tags/team ne null or Tags/team eq null)",
        "(Tags/empty ne null or Tags/empty eq null)",
        "(RunType eq azureml.scriptrun or Properties/azureml.runsource eq azureml.scriptrun)",
        "((Status eq Running) and (ParentRunId eq null))",
        "(CreatedUtc ge 2026-11-24 09:59:59+00:00)",
        "CreatedUtc lt 2026-11-24T10:00:01Z and RunId eq exp_1",
        "RunId eq exp_0 or RunId eq exp_1",
        "Status ne Completed",
        "Target eq null",
    ],
)
def test_a_filter_lets_through(text: str | None) -> None:
    assert compiled(text)(RUN)


@pytest.mark.parametrize(
    "text",
    [
        "(Status eq Completed)",
        'Tags/team eq "visio"',
        "(Tags/absent ne null or Tags/absent eq null)",
        "(Status eq Running) and (Tags/team eq sound)",
        "CreatedUtc gt 2026-11-24T10:00:00Z",
        "ParentRunId ne null",
        "Target gt a",
    ],
)
def test_a_filter_keeps_out(text: str) -> None:
    assert not compiled(text)(RUN)


@pytest.mark.parametrize("text", ["Status", "(Status eq Running", "Status eq", "Status eq Running and", "and", "()"])
def test_a_filter_that_cannot_be_read_is_a_400(text: str) -> None:
    with pytest.raises(ServiceError, match="Invalid filter") as caught:
        compiled(text)
    assert caught.value.status == 400


def runs(wire: Wire, experiment: str, body: dict[str, Any]) -> Any:
    """Answer to a query."""
    return wire.ask("POST", wire.service("history", f"/experiments/{experiment}/runs:query"), body)


def test_experiments_and_runs(wire: Wire) -> None:
    path = wire.service("history", "/experiments/logged")
    wire.ask("GET", path, status=404)
    made = wire.ask("POST", path)
    assert wire.ask("POST", path) == made
    for number in range(5):
        body = {"tags": {"even": str(number % 2 == 0)}, "status": "Running"}
        run = wire.ask("PATCH", f"{path}/runs/logged_{number}", body)
        assert run["token"]
        assert run["runNumber"] == number + 1
    newest = runs(wire, "logged", {"orderby": "CreatedUtc desc", "top": 2})
    assert [one["runId"] for one in newest["value"]] == ["logged_4", "logged_3"]
    rest = runs(wire, "logged", {"orderby": "CreatedUtc desc", "continuationToken": newest["continuationToken"]})
    assert [one["runId"] for one in rest["value"]] == ["logged_2", "logged_1", "logged_0"]
    assert rest["continuationToken"] is None
    even = runs(wire, "logged", {"filter": 'Tags/even eq "True"'})["value"]
    assert {one["runId"] for one in even} == {"logged_0", "logged_2", "logged_4"}
    assert wire.ask("GET", wire.service("history", f"/experimentids/{made['experimentId']}"))["name"] == "logged"


def test_tags_merge_and_properties_stay(wire: Wire) -> None:
    path = wire.service("history", "/experiments/merged/runs/merged_1")
    wire.ask("PATCH", path, {"tags": {"a": "1"}, "properties": {"p": "1"}})
    run = wire.ask("PATCH", path, {"tags": {"b": "2"}, "properties": {"p": "2", "q": "3"}})
    assert run["tags"] == {"a": "1", "b": "2"}
    assert run["properties"] == {"p": "1", "q": "3"}
    answer = wire.client.request("DELETE", f"{path}/tags", json={"values": ["a"]})
    assert answer.json()["tags"] == {"b": "2"}


def test_events_carry_states(wire: Wire) -> None:
    path = wire.service("history", "/experiments/told/runs/told_1")
    wire.ask("PATCH", path, {})
    for name, status in (("Start", "Running"), ("Completed", "Completed")):
        wire.ask("POST", f"{path}/events", {"name": f"Microsoft.MachineLearning.Run.{name}", "data": {}})
        assert wire.run("told_1")["status"] == status
    assert len(wire.ask("GET", f"{path}/events")["value"]) == 2


def test_children_are_found_by_their_parent(wire: Wire) -> None:
    root = wire.service("history", "/experiments/family/")
    wire.ask("PATCH", f"{root}runs/parent", {})
    children = [{"runId": f"child_{number}", "parentRunId": "parent"} for number in range(2)]
    assert set(wire.ask("PATCH", f"{root}batch/runs", {"runs": children})["runs"]) == {"child_0", "child_1"}
    found = wire.ask("GET", f"{root}runs/parent/children")["value"]
    assert {one["rootRunId"] for one in found} == {"parent"}
    assert len(found) == 2


def test_metrics_keep_their_rows_once(wire: Wire) -> None:
    path = wire.service("metric", "/runs/measured_1", "v2.0")
    row = {"metricId": "m1", "createdUtc": "2026-11-24T10:00:00Z", "step": 0, "data": {"loss": 0.5}}
    metric = {"name": "loss", "columns": {"loss": "Double"}, "value": [row]}
    wire.ask("POST", f"{path}/batch", {"values": [metric]})
    wire.ask("POST", f"{path}/batch", {"values": [metric]})
    wire.ask(
        "POST", f"{path}/batch", {"values": [{**metric, "value": [{**row, "metricId": "m2", "data": {"loss": 0.25}}]}]}
    )
    assert [one["metricKey"]["name"] for one in wire.ask("POST", f"{path}/list", {})["value"]] == ["loss"]
    full = wire.ask("POST", f"{path}/full", {"metricName": "loss"})
    assert [one["data"]["loss"] for one in full["value"]] == [0.5, 0.25]


def test_artifacts_are_announced_written_and_listed(wire: Wire) -> None:
    root = wire.service("artifact", "/artifacts", "v2.0")
    names = ["outputs/a b.txt", "outputs/ü/x.bin", "outputs2/no.txt"]
    place = "ExperimentRun/dcid.written_1"
    body = {"paths": [{"path": name} for name in names]}
    announced = wire.ask("POST", f"{root}/batch/metadata/{place}", body)["artifactContentInformation"]
    assert wire.ask("GET", f"{root}/{place}")["value"] == [], "announced is not written"
    for name in names:
        wire.client.put(
            announced[name]["contentUri"], content=name.encode(), headers={"x-ms-blob-type": "BlockBlob"}
        ).raise_for_status()
    assert [one["path"] for one in wire.ask("GET", f"{root}/{place}")["value"]] == names
    below = wire.ask("GET", f"{root}/prefix/contentinfo/{place}/outputs/")["value"]
    assert [one["path"] for one in below] == names[:2]
    assert wire.client.get(below[1]["contentUri"]).text == names[1]
    wire.ask("GET", f"{root}/contentinfo/{place}/outputs/none", status=404)
    assert (
        wire.client.put(below[0]["contentUri"], content=b"x", headers={"x-ms-blob-type": "BlockBlob"}).status_code
        == 403
    )
