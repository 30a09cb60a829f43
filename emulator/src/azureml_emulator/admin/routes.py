"""The wire of the admin endpoint, under `/emulator`; all of it but `health` needs the emulator's secret."""

from dataclasses import asdict
from typing import Any

from starlette.routing import BaseRoute

from azureml_emulator.faults.rules import KINDS, Rule, RuleError
from azureml_emulator.server.errors import not_found, user_error
from azureml_emulator.server.wire import Call, created, route


def health(call: Call) -> dict[str, Any]:
    """That the emulator is ready, and where things are."""
    settings = call.cloud.settings
    return {"ready": True, "url": call.cloud.url, "blob_port": settings.blob_port, "skew": call.cloud.clock.skew}


def list_faults(call: Call) -> dict[str, Any]:
    """The rules in force."""
    return {"value": call.cloud.faults.rules(), "kinds": KINDS}


def add_fault(call: Call) -> Any:
    """Put a rule into force."""
    try:
        rule = Rule.parse(call.body)
    except RuleError as error:
        raise user_error(str(error), "InvalidRule") from error
    return created(call.cloud.faults.add(rule).data())


def clear_faults(call: Call) -> None:
    """Take all rules back."""
    call.cloud.faults.clear()


def remove_fault(call: Call) -> None:
    """Take one rule back."""
    if not call.cloud.faults.remove(call.parts["rule"]):
        raise not_found("Fault", call.parts["rule"])


def requests(call: Call) -> dict[str, Any]:
    """Requests that were answered since number `since`, and the number to ask from the next time."""
    gate = call.cloud.gate
    since, kept = int(call.query.get("since", "0")), list(gate.seen) if gate else []
    total = gate.total if gate else 0
    return {"value": [asdict(one) for one in kept[max(0, len(kept) - (total - since)) :]], "next": total}


def blob_requests(call: Call) -> dict[str, Any]:
    """The same of blob storage, without what the services asked of it."""
    return call.cloud.blobs.requests(int(call.query.get("since", "0")))


def node_lost(call: Call) -> None:
    """Take a node of a cluster away now; `kind` is node_lost or preemption."""
    from azureml_emulator.compute import models as compute  # noqa: PLC0415  (only here)

    names = [call.cloud.runner.cluster_name(one) for one in call.cloud.store.find(compute.KIND)]
    wanted = str(call.body.get("compute") or "").lower()
    for name in names:
        if name.rpartition("--")[0] == wanted:
            try:
                call.cloud.runner.take_node(str(call.body.get("kind") or "node_lost"), name)
            except (KeyError, ValueError) as error:
                raise user_error(f"no node of {wanted} can be taken: {error.args[0]}", "NoSuchNode") from error
            return
    raise not_found("Compute", wanted)


ROUTES: list[BaseRoute] = [
    route("GET", "/emulator/health", health),
    route("GET", "/emulator/faults", list_faults),
    route("POST", "/emulator/faults", add_fault),
    route("DELETE", "/emulator/faults", clear_faults),
    route("DELETE", "/emulator/faults/{rule}", remove_fault),
    route("GET", "/emulator/requests", requests),
    route("GET", "/emulator/requests/blob", blob_requests),
    route("POST", "/emulator/nodes/lose", node_lost),
]
