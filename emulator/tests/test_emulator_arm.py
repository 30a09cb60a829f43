"""ARM and workspaces over the wire."""

from wire_client import Wire


def groups(wire: Wire, name: str) -> str:
    """Path of a resource group."""
    return f"/subscriptions/{wire.azure.subscription_id}/resourceGroups/{name}"


def test_another_subscription_is_not_there(wire: Wire) -> None:
    answer = wire.ask("GET", "/subscriptions/11111111-1111-1111-1111-111111111111", status=404)
    assert answer["error"]["code"] == "SubscriptionNotFound"


def test_a_resource_group_lives_and_dies(wire: Wire) -> None:
    path = groups(wire, "short-lived")
    wire.ask("GET", path, status=404)
    wire.ask("PUT", path, {"location": "eastus", "tags": {"a": "b"}}, status=201)
    wire.ask("PUT", path, {"location": "eastus", "tags": {"a": "c"}}, status=200)
    # ARM doesn't care for case, and the SDK doubles slashes.
    assert wire.ask("GET", path.replace("/resourceGroups", "//resourcegroups"))["tags"] == {"a": "c"}
    wire.ask("DELETE", path)
    wire.ask("GET", path, status=404)


def test_a_deployment_makes_a_workspace_and_what_it_needs(wire: Wire) -> None:
    group = groups(wire, "deployed")
    wire.ask("PUT", group, {"location": "westeurope"}, status=201)
    vault = {"type": "Microsoft.KeyVault/vaults", "name": "vault1", "location": "westeurope", "properties": {}}
    space = {
        "type": "Microsoft.MachineLearningServices/workspaces",
        "name": "made",
        "location": "westeurope",
        "properties": {"keyVault": f"{group}/providers/Microsoft.KeyVault/vaults/vault1"},
    }
    body = {"properties": {"mode": "Incremental", "template": {"resources": [space, vault]}}}
    made = wire.ask("PUT", f"{group}/providers/Microsoft.Resources/deployments/d1", body, status=201)
    assert made["properties"]["provisioningState"] == "Succeeded"
    workspace = wire.ask("GET", wire.scope_of("deployed", "made"))
    assert workspace["properties"]["discoveryUrl"] == f"{wire.azure.url}/discovery"
    assert workspace["properties"]["keyVault"].endswith("/vaults/vault1")
    operations = wire.ask("GET", f"{group}/deployments/d1/operations")["value"]
    assert {one["properties"]["targetResource"]["resourceName"] for one in operations} == {"made", "vault1"}


def test_resources_are_found_by_type_and_group(wire: Wire) -> None:
    wanted = "resourceType eq 'Microsoft.MachineLearningServices/workspaces' and resourceGroup eq 'emulated'"
    path = f"/subscriptions/{wire.azure.subscription_id}/resources"
    found = wire.ask("GET", path, query={"$filter": wanted})["value"]
    assert [one["name"] for one in found] == ["emulated"]


def test_a_deleted_workspace_takes_its_own_along(wire: Wire) -> None:
    group, scope = groups(wire, "going"), wire.scope_of("going", "gone")
    wire.ask("PUT", group, {"location": "eastus"}, status=201)
    wire.ask("PUT", scope, {"location": "eastus"})
    before = wire.scope
    wire.scope = scope
    wire.put_compute("cluster")
    wire.ask("DELETE", scope)
    wire.ask("GET", f"{scope}/computes/cluster", status=404)
    wire.ask("PUT", scope, {"location": "eastus"})
    assert wire.ask("GET", f"{scope}/computes")["value"] == []
    wire.scope = before
    wire.ask("DELETE", group)
    wire.ask("GET", scope, status=404)


def test_a_bad_workspace_name_is_refused(wire: Wire) -> None:
    answer = wire.ask("PUT", wire.scope_of(wire.azure.resource_group, "_no"), {"location": "eastus"}, status=400)
    assert "'_no' is invalid" in answer["error"]["message"]


def test_discovery_names_every_service(wire: Wire) -> None:
    services = wire.ask("GET", "/discovery")
    assert {"api", "history", "experimentation", "hyperdrive", "modelmanagement", "studio"} <= set(services)
    assert set(services.values()) == {wire.azure.url}
