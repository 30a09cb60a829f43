"""Compute targets over the wire: sizes, quota, scale, nodes."""

from typing import Any

import pytest

from wire_client import Wire, wait_for


def body(size: str = "STANDARD_DS2_V2", nodes: int = 2, least: int = 0, priority: str = "Dedicated") -> dict[str, Any]:
    """What the SDK sends for a compute target."""
    scale = {"minNodeCount": least, "maxNodeCount": nodes, "nodeIdleTimeBeforeScaleDown": "PT1S"}
    inner = {"vmSize": size, "vmPriority": priority, "scaleSettings": scale}
    return {"location": "eastus", "properties": {"computeType": "AmlCompute", "properties": inner}}


def test_a_target_is_made_resized_and_deleted(wire: Wire) -> None:
    path = f"{wire.scope}/computes/sized"
    answer = wire.client.put(path, json=body())
    assert answer.status_code == 201
    operation = answer.headers["azure-asyncoperation"]
    assert wire.ask("GET", operation) == {"status": "Succeeded"}
    seen = wire.ask("GET", f"/rp/workspaces{path}")
    assert seen["properties"]["provisioningState"] == "Succeeded"
    assert "identity" not in seen, "a null identity crashes the SDK"
    scale = {"minNodeCount": 1, "maxNodeCount": 3, "nodeIdleTimeBeforeScaleDown": "PT1S"}
    wire.ask("PATCH", path, {"properties": {"properties": {"scaleSettings": scale}}})
    nodes = wait_for(lambda: wire.ask("POST", f"{path}/listNodes")["nodes"], "the node that is always there")
    assert len(nodes) == 1
    ready = wait_for(
        lambda: wire.ask("GET", path)["properties"]["properties"]["nodeStateCounts"]["idleNodeCount"], "its readiness"
    )
    assert ready == 1
    wire.ask("DELETE", path)
    assert wire.ask("GET", path, status=404)["error"]["code"] == "ResourceNotFound"


@pytest.mark.parametrize(
    ("name", "wanted", "code", "words"),
    [
        ("9lives", body(), "InvalidComputeName", "starting with a letter"),
        ("typo", body("STANDARD_NC4_T4"), "InvalidVmSize", "STANDARD_NC4_T4"),
        ("retired", body("STANDARD_NC6_PROMO"), "VmSizeNotSupported", "not supported in eastus"),
        ("many", body("STANDARD_NC16AS_T4_V3", nodes=5), "ClusterCoreQuotaReached", "Maximum allowed: 64"),
        ("none", body("STANDARD_NC40ADS_H100_V5", nodes=1), "ClusterCoreQuotaReached", "Maximum allowed: 0"),
        ("twisted", body(nodes=1, least=2), "InvalidScaleSettings", "don't fit"),
    ],
)
def test_what_cannot_be_is_refused(wire: Wire, name: str, wanted: Any, code: str, words: str) -> None:
    error = wire.ask("PUT", f"{wire.scope}/computes/{name}", wanted, status=400)["error"]
    assert error["code"] == code
    assert words in error["message"]


def test_sizes_usages_and_quotas_agree(wire: Wire) -> None:
    root = f"/subscriptions/{wire.azure.subscription_id}/providers/Microsoft.MachineLearningServices/locations/eastus"
    sizes = wire.ask("GET", f"{root}/vmSizes")["amlCompute"]
    assert "Standard_NC4as_T4_v3" in {size["name"] for size in sizes}
    assert "Standard_NC6" not in {size["name"] for size in sizes}
    limits = {one["name"]["value"]: one["limit"] for one in wire.ask("GET", f"{root}/quotas")["value"]}
    used = {one["name"]["value"]: one["currentValue"] for one in wire.ask("GET", f"{root}/usages")["value"]}
    wire.ask("PUT", f"{wire.scope}/computes/counted", body("STANDARD_E4S_V3", nodes=3), status=201)
    after = {one["name"]["value"]: one["currentValue"] for one in wire.ask("GET", f"{root}/usages")["value"]}
    assert after["standardESv3Family"] == used["standardESv3Family"] + 12 <= limits["standardESv3Family"]
    wire.ask("DELETE", f"{wire.scope}/computes/counted")


def test_faults_of_quota_and_region(wire: Wire) -> None:
    wire.azure.admin.add_fault("quota", target="standardDSv2Family", count=1)
    wire.azure.admin.add_fault("size_not_in_region", target="standard_ds3*", count=1)
    error = wire.ask("PUT", f"{wire.scope}/computes/full", body(), status=400)["error"]
    assert error["code"] == "ClusterCoreQuotaReached"
    error = wire.ask("PUT", f"{wire.scope}/computes/absent", body("STANDARD_DS3_V2"), status=400)["error"]
    assert error["code"] == "VmSizeNotSupported"
