"""What each action does."""

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from azureml_emulator.cli.options import FAULT_CONDITIONS, parser
from azureml_emulator.faults.rules import KINDS
from azureml_emulator.places import State, read_json
from azureml_emulator.server.environ import variables, without_proxy

if TYPE_CHECKING:
    from azureml_emulator.admin.client import Admin

START_LIMIT = 900.0
STOP_LIMIT = 30.0


class Refused(Exception):
    """Something can't be done; the text says what to type instead."""


def run(argv: list[str], prog: str) -> int:
    """Run one command: 0 done, 1 it can't be done, 2 wrong usage."""
    arguments = parser(prog).parse_args(argv)
    arguments.prog = prog
    if arguments.kind is not None and arguments.action != "fault":
        parser(prog).error(f"'{arguments.action}' takes no '{arguments.kind}'")
    actions = {
        "start": start, "env": env, "status": status, "stop": stop, "reset": reset, "fault": fault, "faults": faults,
    }  # fmt: skip
    try:
        return actions[arguments.action](arguments)
    except Refused as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return 1


def running(arguments: argparse.Namespace) -> dict[str, Any]:
    """What the running emulator says of itself; Refused if none runs on the state folder."""
    found = alive(State(arguments.state))
    if found is None:
        raise Refused(f"no emulator is running on {arguments.state}\n  start one: {arguments.prog}")
    return found


def alive(state: State) -> dict[str, Any] | None:
    """What `running.json` holds, if the process that wrote it is still there."""
    found = read_json(state.running)
    if not found:
        return None
    try:
        os.kill(int(found["pid"]), 0)
    except (OSError, KeyError, ValueError):
        return None
    return found


def _variables(arguments: argparse.Namespace, about: dict[str, Any]) -> dict[str, str]:
    secret = (str(about["client"]), str(about["client_secret"]))
    return {**variables(about["url"], arguments.state.absolute(), secret), **without_proxy(dict(os.environ))}


def start(arguments: argparse.Namespace) -> int:
    """Run until the end is asked for, or start it in the background."""
    if arguments.detach:
        return _start_detached(arguments)
    from azureml_emulator.engine.engine import EngineError  # noqa: PLC0415  (the other actions import no server)
    from azureml_emulator.server.process import AlreadyRunning, PortTaken, serve  # noqa: PLC0415
    from azureml_emulator.server.settings import Settings, Timing  # noqa: PLC0415
    from azureml_emulator.storage.azurite import AzuriteError  # noqa: PLC0415
    from azureml_emulator.storage.install import InstallError  # noqa: PLC0415

    settings = Settings(
        port=arguments.port,
        blob_port=arguments.blob_port,
        resource_group=arguments.resource_group,
        workspace=arguments.workspace,
        location=arguments.location,
        log_layout=arguments.log_layout,
        timing=Timing(arguments.allocation_seconds, arguments.token_seconds),
    )

    def ready(about: dict[str, Any]) -> None:
        print(json.dumps(_public(about)) if arguments.json else _welcome(arguments, about), flush=True)

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    try:
        serve(
            State(arguments.state.absolute()), settings, say=say, ready=ready, ends_with_input=arguments.end_with_input
        )
    except AlreadyRunning as error:
        raise Refused(f'{error}\n  use it: eval "$({arguments.prog} env)"; or end it: {arguments.prog} stop') from error
    except (AzuriteError, InstallError, EngineError, PortTaken) as error:
        raise Refused(str(error)) from error
    if not arguments.json:
        print("stopped", file=sys.stderr)
    return 0


def _public(about: dict[str, Any]) -> dict[str, Any]:
    """What a running emulator says of itself, without what signs in to it."""
    return {key: value for key, value in about.items() if "secret" not in key}


def _welcome(arguments: argparse.Namespace, about: dict[str, Any]) -> str:
    default = (
        "" if arguments.state == parser("").get_default("state") else f" --state {shlex.quote(str(arguments.state))}"
    )
    return (
        f"Azure ML is emulated at {about['url']}, blob storage on port {about['blob_port']}\n"
        f'point a shell\'s azureml-core at it:  eval "$({arguments.prog} env{default})"\n'
        f"workspace: {about['workspace']}, resource group {about['resource_group']},"
        f" subscription {about['subscription_id']}\n"
        f"all that it knows is in {arguments.state}\n"
        "Ctrl-C ends it with everything that it started"
    )


def _start_detached(arguments: argparse.Namespace) -> int:
    """Start a process of its own session, and wait until it is ready."""
    state = State(arguments.state.absolute())
    if alive(state):
        raise Refused(f'an emulator is running on {state.root}\n  use it: eval "$({arguments.prog} env)"')
    state.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    output = state.root / "start.log"
    command = [sys.executable, "-m", "azureml_emulator", "start", *_options(arguments)]
    with output.open("wb") as stream:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True
        )
    deadline = time.monotonic() + START_LIMIT
    while alive(state) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise Refused(f"it didn't start:\n{output.read_text(encoding='utf-8', errors='replace').strip()}")
        time.sleep(0.05)
    about = running(arguments)
    print(json.dumps(_public(about)) if arguments.json else _welcome(arguments, about).rpartition("\n")[0])
    return 0


def _options(arguments: argparse.Namespace) -> list[str]:
    names = ("state", "port", "blob_port", "workspace", "resource_group", "location", "log_layout")
    named = [(name, getattr(arguments, name)) for name in (*names, "allocation_seconds", "token_seconds")]
    named[0] = ("state", arguments.state.absolute())
    return [word for name, value in named for word in (f"--{name.replace('_', '-')}", str(value))]


def env(arguments: argparse.Namespace) -> int:
    """Print the variables."""
    found = _variables(arguments, running(arguments))
    if arguments.json:
        print(json.dumps(found))
    else:
        print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in found.items()))
    return 0


def status(arguments: argparse.Namespace) -> int:
    """Say whether one runs: exit code 1 if none does."""
    about = alive(State(arguments.state))
    if arguments.json:
        print(json.dumps({"running": about is not None, "state": str(arguments.state), **_public(about or {})}))
    elif about is None:
        print(f"not running; state: {arguments.state}")
    else:
        print(f"running at {about['url']}, process {about['pid']}; state: {arguments.state}")
    return 0 if about else 1


def stop(arguments: argparse.Namespace) -> int:
    """End the running one, and wait until it has ended."""
    state, about = State(arguments.state), running(arguments)
    os.kill(int(about["pid"]), signal.SIGTERM)
    deadline = time.monotonic() + STOP_LIMIT
    while alive(state) is not None:
        if time.monotonic() > deadline:
            raise Refused(f"process {about['pid']} hasn't ended after {STOP_LIMIT:.0f} s; its log: {state.log}")
        time.sleep(0.05)
    if not arguments.json:
        print("stopped")
    return 0


def reset(arguments: argparse.Namespace) -> int:
    """Delete the state folder, if it is one and nobody uses it."""
    folder = State(arguments.state).root
    if alive(State(folder)) is not None:
        raise Refused(f"an emulator is running on {folder}\n  end it first: {arguments.prog} stop")
    if folder.exists() and not State(folder).settings.exists():
        raise Refused(f"{folder} isn't a state folder of an emulator; nothing was deleted")
    if folder.exists():
        shutil.rmtree(folder)
    if not arguments.json:
        print(f"{folder} is gone")
    return 0


@contextmanager
def _admin(arguments: argparse.Namespace) -> Iterator["Admin"]:
    """A client of the running emulator; what it refuses is Refused."""
    from azureml_emulator.admin.client import Admin, AdminError  # noqa: PLC0415  (the other actions need no HTTP)

    about = running(arguments)
    admin = Admin(about["url"], State(arguments.state), about["secret"])
    try:
        yield admin
    except AdminError as error:
        raise Refused(str(error)) from error
    finally:
        admin.close()


def fault(arguments: argparse.Namespace) -> int:
    """Put a rule into force."""
    if arguments.kind is None:
        raise Refused(f"which fault? One of:\n{_kinds()}")
    given = {name: getattr(arguments, name) for name in FAULT_CONDITIONS if getattr(arguments, name) is not None}
    with _admin(arguments) as admin:
        identifier = admin.add_fault(arguments.kind, **given)
    print(json.dumps({"id": identifier}) if arguments.json else f"{arguments.kind} is in force ({identifier})")
    return 0


def _kinds() -> str:
    width = max(map(len, KINDS)) + 2
    return "\n".join(f"  {kind:<{width}}{meaning}" for kind, meaning in KINDS.items())


def faults(arguments: argparse.Namespace) -> int:
    """List the rules, or take them back."""
    with _admin(arguments) as admin:
        if arguments.clear:
            admin.clear_faults()
        found = admin.faults()
    if arguments.json:
        print(json.dumps(found))
    elif not found:
        print(f"no fault is in force; there are:\n{_kinds()}")
    for rule in [] if arguments.json else found:
        print(f"{rule['id']}  {rule['kind']}: struck {rule['struck']} times of {rule['seen']}")
    return 0
