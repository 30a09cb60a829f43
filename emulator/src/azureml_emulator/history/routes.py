"""The wire of run history."""

from typing import Any

from starlette.routing import BaseRoute

from azureml_emulator.history import models, shown
from azureml_emulator.server.errors import ServiceError
from azureml_emulator.server.wire import WORKSPACE, Call, created, route

ROOT = "/history/v1.0" + WORKSPACE


def _experiment(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key != "runs"}


def _name(call: Call) -> str:
    """The experiment that the path names, by name or by id."""
    if "experiment" in call.parts:
        return call.parts["experiment"]
    return str(models.experiment_by_id(call.cloud, call.scope, call.parts["experiment_id"])["name"])


def get_experiment(call: Call) -> dict[str, Any]:
    """One experiment."""
    return _experiment(models.experiment(call.cloud, call.scope, _name(call)))


def create_experiment(call: Call) -> dict[str, Any]:
    """Make an experiment, or find it."""
    return _experiment(models.ensure_experiment(call.cloud, call.scope, call.parts["experiment"]))


def change_experiment(call: Call) -> dict[str, Any]:
    """Change an experiment."""
    return _experiment(models.change_experiment(call.cloud, call.scope, call.parts["experiment_id"], call.body))


def delete_experiment(call: Call) -> Any:
    """Delete an experiment that has no runs."""
    found = models.experiment_by_id(call.cloud, call.scope, call.parts["experiment_id"])
    if models.query(call.cloud, call.scope, {"top": 1}, found["experimentId"])["value"]:
        raise ServiceError(400, "UserError", "Only empty experiments can be deleted.")
    call.cloud.store.delete(models.EXPERIMENT, models.experiment_key(call.scope, found["name"]))
    return created(None, 202)


def query_experiments(call: Call) -> dict[str, Any]:
    """All experiments."""
    found = models.experiments(call.cloud, call.scope)
    return {"value": [_experiment(one) for one in found], "continuationToken": None}


def _run(call: Call) -> dict[str, Any]:
    return models.run(call.cloud, call.scope, call.parts["run"])


def get_run(call: Call) -> dict[str, Any]:
    """One run."""
    return shown.run(call.cloud, call.scope, _run(call))


def patch_run(call: Call) -> dict[str, Any]:
    """Change a run, or make it: what a script outside of any job logs to."""
    identifier = call.parts["run"]
    try:
        changed = models.change_run(call.cloud, call.scope, identifier, call.body)
    except ServiceError:
        changed = models.create_run(call.cloud, call.scope, _name(call), identifier, call.body)
    return shown.run(call.cloud, call.scope, changed, token=True)


def batch(call: Call) -> dict[str, Any]:
    """Make or change several runs, children mostly."""
    answers = {}
    for body in call.body.get("runs") or []:
        identifier = str(body["runId"])
        try:
            changed = models.change_run(call.cloud, call.scope, identifier, body)
        except ServiceError:
            changed = models.create_run(call.cloud, call.scope, _name(call), identifier, body)
        answers[identifier] = shown.run(call.cloud, call.scope, changed, token=True)
    return {"runs": answers, "errors": {}}


def details(call: Call) -> dict[str, Any]:
    """All about a run."""
    return shown.details(call.cloud, call.scope, _run(call))


def token(call: Call) -> dict[str, str]:
    """A token for the run's script."""
    _run(call)
    return shown.run_token(call.cloud, "expiryTimeUtc")


def _page(call: Call, body: dict[str, Any], experiment_id: str | None) -> dict[str, Any]:
    found = models.query(call.cloud, call.scope, body, experiment_id)
    return {**found, "value": [shown.run(call.cloud, call.scope, one) for one in found["value"]]}


def query(call: Call) -> dict[str, Any]:
    """Runs of an experiment by filter."""
    found = models.experiment(call.cloud, call.scope, call.parts["experiment"])
    return _page(call, call.body, found["experimentId"])


def query_workspace(call: Call) -> dict[str, Any]:
    """Runs of the workspace by filter."""
    return _page(call, call.body, None)


def list_runs(call: Call) -> dict[str, Any]:
    """Runs of an experiment; the filter is in the query."""
    found = models.experiment(call.cloud, call.scope, call.parts["experiment"])
    return _page(call, _asked(call), found["experimentId"])


def _asked(call: Call) -> dict[str, Any]:
    return {name.lstrip("$"): value for name, value in call.query.items()}


def children(call: Call) -> dict[str, Any]:
    """Runs below a run."""
    body = _asked(call)
    own = f'ParentRunId eq "{call.parts["run"]}"'
    return _page(call, {**body, "filter": f"({body['filter']}) and ({own})" if body.get("filter") else own}, None)


def compute_runs(call: Call) -> dict[str, Any]:
    """Runs on a compute target."""
    body = _asked(call)
    own = f'Target eq "{call.parts["compute"]}"'
    return _page(call, {**body, "filter": f"({body['filter']}) and ({own})" if body.get("filter") else own}, None)


def tags(call: Call) -> dict[str, Any]:
    """Take tags off a run."""
    body = call.body
    names = body.get("values") or body.get("tags") or []
    return shown.run(call.cloud, call.scope, models.delete_tags(call.cloud, call.scope, call.parts["run"], list(names)))


def event(call: Call) -> dict[str, Any]:
    """Something happened to a run: kept, and a status that it carries is taken over."""
    key = call.key("events", call.parts["run"], call.cloud.clock.stamp())
    call.cloud.store.put(models.EVENT, key, call.body)
    status = _STATUS_OF.get(str(call.body.get("name", "")).rsplit(".", 1)[-1])
    if status:
        body: dict[str, Any] = {"status": status}
        models.change_run(call.cloud, call.scope, call.parts["run"], body)
    return call.body


_STATUS_OF = {"Start": "Running", "Completed": "Completed", "Failed": "Failed", "Canceled": "Canceled"}


def events(call: Call) -> dict[str, Any]:
    """What happened to a run."""
    return {"value": call.cloud.store.find(models.EVENT, call.key("events", call.parts["run"], ""))}


def batch_events(call: Call) -> dict[str, Any]:
    """Several at once."""
    for one in call.body.get("events") or []:
        key = call.key("events", call.parts["run"], call.cloud.clock.stamp())
        call.cloud.store.put(models.EVENT, key, one)
    return {"errors": []}


def nothing(_: Call) -> dict[str, Any]:
    """Metrics are ingested by the time they are answered: there is nothing to wait for."""
    return {}


def _both(methods: str, path: str, handler: Any) -> list[BaseRoute]:
    """A route by the experiment's name and one by its id."""
    return [
        route(methods, f"{ROOT}/experiments/{{experiment}}{path}", handler),
        route(methods, f"{ROOT}/experimentids/{{experiment_id}}{path}", handler),
    ]


_RUN = "/runs/{run}"
ROUTES: list[BaseRoute] = [
    route("POST", ROOT + "/experiments:query", query_experiments),
    route("POST", ROOT + "/experiments/{experiment}/runs:query", query),
    route("POST", ROOT + "/runs:query", query_workspace),
    route("GET", ROOT + "/experiments/{experiment}/runs", list_runs),
    *_both("POST PATCH", "/batch/runs", batch),
    *_both("GET", _RUN + "/details", details),
    *_both("GET POST", _RUN + "/token", token),
    *_both("GET", _RUN + "/children", children),
    *_both("DELETE", _RUN + "/tags", tags),
    *_both("POST", _RUN + "/events", event),
    *_both("GET", _RUN + "/events", events),
    *_both("POST", _RUN + "/batch/events", batch_events),
    *_both("GET POST", _RUN + "/metricsingest/wait", nothing),
    *_both("GET", _RUN, get_run),
    *_both("PATCH", _RUN, patch_run),
    route("GET", ROOT + "/runs/{run}", get_run),
    route("GET", ROOT + "/runs/{run}/details", details),
    route("GET", ROOT + "/computes/{compute}/runs", compute_runs),
    route("GET", ROOT + "/experiments/{experiment}", get_experiment),
    route("POST", ROOT + "/experiments/{experiment}", create_experiment),
    route("GET", ROOT + "/experimentids/{experiment_id}", get_experiment),
    route("PATCH", ROOT + "/experimentids/{experiment_id}", change_experiment),
    route("DELETE", ROOT + "/experimentids/{experiment_id}", delete_experiment),
]
