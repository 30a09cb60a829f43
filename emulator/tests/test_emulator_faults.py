"""Faults on demand: what a client meets, how often, and that it ends."""

import time
from typing import Any

import httpx
import pytest

from azureml_emulator.admin.client import AdminError
from azureml_emulator.faults.rules import Rule, matches
from wire_client import Wire, wait_for


def fails(count: int, rule: Rule) -> list[bool]:
    """Which of some fitting requests a rule strikes."""
    return [rule.strikes() for _ in range(count)]


def test_a_rule_counts_waits_and_repeats_by_its_seed() -> None:
    assert fails(4, Rule("error", count=2, after=1)) == [False, True, True, False]
    chance = fails(1000, Rule("error", probability=0.2, seed=7))
    assert 150 < sum(chance) < 250
    assert chance == fails(1000, Rule("error", probability=0.2, seed=7))
    assert chance != fails(1000, Rule("error", probability=0.2, seed=8))


def test_patterns_know_one_sign() -> None:
    assert matches("*/runs/*", "/history/runs/a.b")
    assert not matches("/runs.", "/runsx")
    assert matches("a[1]*", "a[1]2")


def test_a_rule_that_cannot_be_is_refused(wire: Wire) -> None:
    for kind, conditions, words in (
        ("explode", {}, "there is no fault 'explode'; there are: throttle"),
        ("error", {"probability": 2}, "between 0 and 1"),
        ("error", {"often": True}, "a rule has no often"),
        ("slow", {"seconds": -1}, "can't be negative"),
    ):
        with pytest.raises(AdminError, match=words):
            wire.azure.admin.add_fault(kind, **conditions)


def test_the_admin_endpoint_wants_its_secret(wire: Wire) -> None:
    assert wire.client.get("/emulator/health").status_code == 200
    assert wire.client.get("/emulator/faults").status_code == 403


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("throttle", 429, "TooManyRequests"),
        ("error", 500, "ServerError"),
        ("expired_token", 401, "ExpiredAuthenticationToken"),
    ],
)
def test_an_answer_instead_of_the_right_one(wire: Wire, kind: str, status: int, code: str) -> None:
    wire.azure.admin.add_fault(kind, service="arm", count=1, seconds=3)
    answer = wire.client.get("/subscriptions")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers.get("retry-after") == ("3" if kind == "throttle" else None)
    assert wire.client.get("/subscriptions").status_code == 200
    (rule,) = wire.azure.admin.faults()
    assert rule["struck"] == 1


def test_a_connection_without_an_answer(wire: Wire) -> None:
    wire.azure.admin.add_fault("disconnect", path="/subscriptions", count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        wire.client.get("/subscriptions")
    assert wire.client.get("/subscriptions").status_code == 200


def test_an_answer_that_breaks_off(wire: Wire) -> None:
    wire.azure.admin.add_fault("drop", service="arm", bytes=20, count=1)
    with wire.client.stream("GET", "/subscriptions") as answer:
        assert int(answer.headers["content-length"]) > 20
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            answer.read()
    assert wire.client.get("/subscriptions").status_code == 200


def test_an_answer_that_never_comes_or_comes_late(wire: Wire) -> None:
    wire.azure.admin.add_fault("hang", service="arm", count=1)
    with pytest.raises(httpx.ReadTimeout):
        wire.client.get("/subscriptions", timeout=0.3)
    wire.azure.admin.add_fault("slow", service="arm", count=1, seconds=0.4)
    start = time.monotonic()
    assert wire.client.get("/subscriptions").status_code == 200
    assert time.monotonic() - start >= 0.4


def test_only_what_is_meant_is_struck(wire: Wire) -> None:
    wire.azure.admin.add_fault("error", service="history", methods=["get"], path="*/experiments/*")
    path = wire.service("history", "/experiments/struck")
    assert wire.client.post(path).status_code == 200
    assert wire.client.get(path).status_code == 500
    assert wire.client.get("/subscriptions").status_code == 200


def blob(wire: Wire, **extra: Any) -> httpx.Response:
    """Read a blob as a client does."""
    root = wire.service("artifact", "/artifacts", "v2.0")
    wire.client.post(f"{root}/content/ExperimentRun/dcid.faulty/x.txt", content=b"0123456789" * 100).raise_for_status()
    info = wire.ask("GET", f"{root}/contentinfo/ExperimentRun/dcid.faulty/x.txt")
    return wire.client.get(info["contentUri"], **extra)


def test_faults_of_blob_storage_strike_clients_alone(wire: Wire) -> None:
    assert blob(wire).status_code == 200
    wire.azure.admin.add_fault("throttle", service="blob", count=1, seconds=2, status=503)
    answer = blob(wire)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert blob(wire).status_code == 200
    wire.azure.admin.add_fault("drop", service="blob", count=1, bytes=100)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        blob(wire)
    wire.azure.admin.add_fault("disconnect", service="blob", count=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        blob(wire)
    assert blob(wire).status_code == 200
    assert [rule["struck"] for rule in wire.azure.admin.faults()] == [1, 1, 1]


def test_the_same_seed_strikes_the_same_blobs(wire: Wire) -> None:
    def statuses() -> list[int]:
        wire.azure.admin.clear_faults()
        wire.azure.admin.add_fault("error", service="blob", probability=0.4, seed=3)
        return [blob(wire).status_code for _ in range(8)]

    first = statuses()
    assert set(first) == {200, 500}
    assert statuses() == first


def test_a_clock_that_is_ahead_ends_tokens(wire: Wire) -> None:
    rule = wire.azure.admin.add_fault("clock_skew", seconds=2 * 24 * 3600)
    assert wire.client.get("/subscriptions").json()["error"]["code"] == "ExpiredAuthenticationToken"
    wire.azure.admin.remove_fault(rule)
    assert wire.client.get("/subscriptions").status_code == 200


def test_requests_are_remembered(wire: Wire) -> None:
    before = wire.azure.admin.count()
    wire.client.get("/subscriptions")
    (seen,) = wire.azure.admin.requests(before)
    assert (seen["service"], seen["method"], seen["path"], seen["status"]) == ("arm", "GET", "/subscriptions", 200)


def test_requests_to_storage_are_remembered_without_our_own(wire: Wire) -> None:
    before = wire.azure.admin.blob_count()
    assert blob(wire).status_code == 200
    (seen,) = wire.azure.admin.blob_requests(before)
    assert (seen["method"], seen["status"]) == ("GET", 200)
    assert seen["path"].endswith("/ExperimentRun/dcid.faulty/x.txt")


LONG = "import time\nprint('up', flush=True)\ntime.sleep({seconds})"


def test_a_lost_node_takes_its_run_along(wire: Wire) -> None:
    wire.put_compute("lossy")
    wire.azure.admin.add_fault("node_lost", target="lossy", count=1, seconds=0.2)
    run = wire.ended(wire.submit(LONG.format(seconds=600), "lossy"))
    assert run["status"] == "Failed"
    assert run["error"]["error"]["referenceCode"] == "NodeLost"


def test_a_node_is_lost_at_a_moment_of_ones_own(wire: Wire) -> None:
    wire.put_compute("moment")
    run_id = wire.submit(LONG.format(seconds=600), "moment")
    wait_for(lambda: wire.run(run_id)["status"] == "Running", "the script's start")
    nodes = wire.ask("POST", f"{wire.scope}/computes/moment/listNodes")["nodes"]
    assert [node["runId"] for node in nodes] == [run_id]
    wire.azure.admin.lose_node("moment")
    assert wire.ended(run_id)["error"]["error"]["referenceCode"] == "NodeLost"
    with pytest.raises(AdminError, match="'nowhere' was not found"):
        wire.azure.admin.lose_node("nowhere")


def test_a_node_that_cannot_be_taken_is_a_400(wire: Wire) -> None:
    wire.put_compute("kept")
    with pytest.raises(AdminError, match="no node of kept can be taken: only low-priority nodes are preempted"):
        wire.azure.admin.lose_node("kept", preempted=True)
    with pytest.raises(AdminError, match="no node of kept can be taken: the cluster has no node to lose"):
        wire.azure.admin.lose_node("kept")


def test_a_fault_that_cannot_be_done_leaves_its_run_alone(wire: Wire) -> None:
    """A rule of preemption for a cluster whose nodes are nobody's to take back: the run goes on."""
    wire.put_compute("steady")
    rule = wire.azure.admin.add_fault("preemption", target="steady", count=1, seconds=0)
    assert wire.ended(wire.submit(LONG.format(seconds=1), "steady"))["status"] == "Completed"
    assert [(one["id"], one["struck"]) for one in wire.azure.admin.faults()] == [(rule, 1)]


@pytest.mark.slow
def test_a_fault_is_not_handed_to_the_next_run(wire: Wire) -> None:
    """The first run has ended when its node is due; the node runs another one by then."""
    wire.put_compute("shared", nodes=1)
    wire.azure.admin.add_fault("node_lost", target="shared", count=1, seconds=5)
    first = wire.submit("print('short')", "shared")
    second = wire.submit(LONG.format(seconds=7), "shared")
    assert wire.ended(first)["status"] == "Completed"
    assert wire.ended(second)["status"] == "Completed"


def test_a_failing_build_is_not_handed_to_another_image(wire: Wire) -> None:
    wire.put_compute("builders")
    wire.azure.admin.add_fault("image_build", target="struck", count=1)
    dependencies = {"dependencies": ["python=3.11", {"pip": ["six==1.16.0"]}]}
    environment = {"name": "struck", "python": {"condaDependencies": dependencies}}
    struck = wire.submit("print(1)", "builders", environment=environment)
    spared = wire.submit("print(1)", "builders")
    assert wire.ended(struck)["error"]["error"]["referenceCode"] == "ImageBuildFailure"
    assert wire.ended(spared)["status"] == "Completed"


def test_a_preempted_run_starts_again(wire: Wire) -> None:
    wire.put_compute("cheap", priority="LowPriority")
    wire.azure.admin.add_fault("preemption", target="cheap", count=1, seconds=0.2)
    run_id = wire.submit("import time\nprint('up', flush=True)\ntime.sleep(2)", "cheap")
    assert wire.ended(run_id)["status"] == "Completed"
    (rule,) = wire.azure.admin.faults()
    assert rule["struck"] == 1


def test_a_build_that_fails(wire: Wire) -> None:
    wire.put_compute("builder")
    wire.azure.admin.add_fault("image_build", target="unlucky", count=1)
    environment = {
        "name": "unlucky",
        "python": {"condaDependencies": {"dependencies": ["python=3.11", {"pip": ["six==1.16.0"]}]}},
        "environmentVariables": {"SALT": "of this test"},
    }
    run = wire.ended(wire.submit("print(1)", "builder", environment=environment))
    assert run["status"] == "Failed"
    assert run["error"]["error"]["referenceCode"] == "ImageBuildFailure"
    assert "that was asked for" in run["error"]["error"]["message"]


def test_a_full_disk(wire: Wire) -> None:
    wire.put_compute("small")
    wire.azure.admin.add_fault("disk_full", target="small", bytes=1_000_000)
    script = "import os\nos.makedirs('outputs', exist_ok=True)\nopen('outputs/big', 'wb').write(bytes(5_000_000))"
    run_id = wire.submit(script, "small")
    assert wire.ended(run_id)["status"] == "Failed"
    log = wait_for(lambda: wire.file(run_id, "user_logs/std_log.txt"), "the log")
    assert "Error" in log
