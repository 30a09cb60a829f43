"""A second client: a process of its own that loads the backend and does one thing, as another shell would.

    python -m trainferry.testing.client

It reads one request as a line of JSON, and prints its answer as one. With `gate` in the request it prints `ready`
before it acts and waits for one line more, so that several start at once.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from trainferry.backend import Backend
from trainferry.plugins import load_backend
from trainferry.progress import Progress
from trainferry.site import Site
from trainferry.specs import Plan

Answer = Any


def open_backend(name: str, plugin: str, settings: Mapping[str, Any], site: Site) -> Backend:
    """The backend bound to its settings; `plugin` is `module:attribute` for one that isn't installed."""
    if plugin:
        module, _, attribute = plugin.partition(":")
        backend = Backend(name, getattr(import_module(module), attribute)())
    else:
        backend = load_backend(name)
    backend.configure(settings, site)
    return backend


def apply_plan(backend: Backend, plan: Plan, report: Callable[[Progress], None]) -> str | None:
    """Apply every action of a plan in order; the reference that the submit gave."""
    ref = None
    for action in plan.actions:
        ref = backend.apply(action, report).ref or ref
    return ref


def _apply(backend: Backend, request: Mapping[str, Any]) -> Answer:
    count = 0

    def report(_event: Progress) -> None:
        nonlocal count
        count += 1
        if count == request.get("die_at_event"):
            _die()

    ref = apply_plan(backend, Plan.model_validate(request["plan"]), report)
    if request.get("die_after"):
        _die()
    return ref


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _read_log(backend: Backend, request: Mapping[str, Any]) -> Answer:
    text, cursor = "", request["cursor"]
    while True:
        chunk = backend.read_log(request["ref"], cursor)
        text, cursor = text + chunk.text, chunk.cursor
        if chunk.finished or not chunk.text:
            return text


def _state(backend: Backend, request: Mapping[str, Any]) -> Answer:
    status = backend.poll([request["ref"]]).get(request["ref"])
    return None if status is None else str(status.state)


def _cancel(backend: Backend, request: Mapping[str, Any]) -> Answer:
    backend.cancel(request["ref"])
    return True


def _fetch(backend: Backend, request: Mapping[str, Any]) -> Answer:
    def report(_event: Progress) -> None:
        if request.get("die_at_event"):
            _die()

    return [str(p) for p in backend.fetch(request["ref"], request["files"], Path(request["destination"]), report)]


VERBS: dict[str, Callable[[Backend, Mapping[str, Any]], Answer]] = {
    "apply": _apply,
    "capabilities": lambda backend, _request: sorted(backend.capabilities),
    "read_log": _read_log,
    "state": _state,
    "cancel": _cancel,
    "fetch": _fetch,
}


def main() -> int:
    """Do what the request says; 0 when it is done."""
    request = json.loads(sys.stdin.readline())
    site = Site(home=Path(request["home"]), cache=Path(request["cache"]), project=Path(request["project"]))
    backend = open_backend(request["name"], request["plugin"], request["settings"], site)
    if request.get("gate"):
        print("ready", flush=True)
        sys.stdin.readline()
    print(json.dumps(VERBS[request["verb"]](backend, request)), flush=True)
    if request.get("stay"):
        sys.stdin.readline()
    return 0


if __name__ == "__main__":
    sys.exit(main())
