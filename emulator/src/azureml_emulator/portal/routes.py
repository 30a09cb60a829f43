"""The wire of the portal: how runs stand, for whoever asks; nothing of what is in them, for nobody has signed in."""

from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute

from azureml_emulator.history import models as history
from azureml_emulator.server.wire import Call, route


def home(call: Call) -> PlainTextResponse:
    """What this is."""
    settings = call.cloud.settings
    return PlainTextResponse(
        f"Azure ML is emulated here, for subscription {settings.subscription}.\n"
        "It has no studio; azureml-core and ferry show what it knows.\n"
    )


def run(call: Call) -> PlainTextResponse:
    """How a run stands; `wsid` is the path of its workspace, as the SDK writes it."""
    found = call.cloud.store.get(history.RUN, history.run_key(call.query.get("wsid", ""), call.parts["run"]))
    if found is None:
        return PlainTextResponse(f"There is no run {call.parts['run']} in this workspace.\n", 404)
    rows = {
        "run": found["runId"],
        "experiment": found["experimentName"],
        "compute target": found.get("target"),
        "status": found["status"],
        "created": found["createdUtc"],
        "started": found["startTimeUtc"],
        "ended": found["endTimeUtc"],
    }
    return PlainTextResponse("".join(f"{name:<16}{value or '-'}\n" for name, value in rows.items()))


ROUTES: list[BaseRoute] = [route("GET", "/", home), route("GET", "/runs/{run}", run)]
