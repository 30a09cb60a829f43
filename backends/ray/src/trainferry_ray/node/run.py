"""One run on its node: from the request that travelled with it to the state it ends in."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path

from trainferry_ray.node import datasets, environment, kernel, outcome, tree, variables
from trainferry_ray.node.folders import RunFolder, read_json, storage_of, write_json
from trainferry_ray.node.relay import Relay, say
from trainferry_ray.node.script import Script

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PACKAGE_TOP = "trainferry_source"
"""Folder of the snapshot within its package: so that none of its files can be imported by Ray in place of another."""


def run(request_file: str) -> int:
    """Carry a run to its end on this node, or, if it wants more than this node, on those that Ray gives it."""
    request = read_json(Path(request_file))
    if not isinstance(request, dict):
        say("the request of this run is not there, or is damaged\n")
        return 1
    os.unlink(request_file)  # it may hold secrets
    request["unpacked"] = os.path.dirname(request_file)
    request["snapshot_folder"] = snapshot_folder(request["snapshot"])
    if request["spread"]:
        from trainferry_ray.node import spread  # noqa: PLC0415  (imports Ray)

        return spread.run(request)
    return _guarded(request)


def snapshot_folder(package: str) -> str:
    """Where Ray unpacked the snapshot on this node: it is on the search path of every process of the job."""
    stem = package.partition(".")[0]
    for entry in [*os.environ.get("PYTHONPATH", "").split(os.pathsep), *sys.path]:
        if os.path.basename(entry.rstrip("/")) == stem:
            return os.path.join(entry, PACKAGE_TOP)
    raise FileNotFoundError(f"Ray has not unpacked {package} on this node")


def _guarded(request: dict[str, Any]) -> int:
    """Run in a child process; if that is killed, its processes come to this one, which ends them."""
    kernel.adopt_orphans()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setsid()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
            code = _alone(request)
        finally:
            sys.stdout.flush()
            os._exit(code)
    stops: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: _pass_on(child, stops))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    ended: dict[int, int] = {}
    while child not in ended:
        process, status = os.wait()
        ended[process] = os.waitstatus_to_exitcode(status)
    if ended[child] >= 0:
        return ended[child]
    tree.end_all(ended, 0)
    folder = RunFolder.of(storage_of(request["storage"]), request["run_id"])
    _finish(folder, _without_supervisor(folder, ended[child], stopped=bool(stops)))
    return 1


def _pass_on(child: int, stops: list[int]) -> None:
    stops.append(child)
    try:
        os.kill(child, signal.SIGTERM)
    except ProcessLookupError:
        return


def _without_supervisor(folder: RunFolder, code: int, *, stopped: bool) -> dict[str, Any]:
    """The last state of a run whose supervisor was ended by a signal: while it prepared the run, or by somebody."""
    began = (read_json(folder.state) or {}).get("started")
    if stopped:
        return outcome.state("canceled", reason="canceled", started=began)
    reason = f"its supervisor on the node was killed ({outcome.words_of(code)}); run it again"
    return outcome.state("lost", reason=reason, started=began)


def _alone(request: dict[str, Any]) -> int:
    folder = RunFolder.of(storage_of(request["storage"]), request["run_id"])
    relay = Relay(folder.log)

    def begun(started: float) -> None:
        say(f"{outcome.BEGIN}{started}\n")

    final = supervise(request, folder, [{}], [""], begun, relay.advance)
    relay.advance(last=True)
    _finish(folder, final)
    return outcome.exit_code_of(final)


def _finish(folder: RunFolder, final: dict[str, Any]) -> None:
    final["ended"] = time.time()
    write_json(folder.state, final)
    say(outcome.closing_line(final))


def supervise(
    request: dict[str, Any],
    folder: RunFolder,
    more: list[dict[str, str]],
    logs: list[str],
    begun: Callable[[float], None],
    each_tick: Callable[[], None],
) -> dict[str, Any]:
    """Prepare the folder, start one process for each of `more` variables, watch them; returns the state at the end.

    `logs` names the log of each below the working folder; an empty name means the log of the run.
    """
    kernel.adopt_orphans()
    started = None
    try:
        words, mounts, own = prepare(request, folder, say)
        script = Script(words, folder.work, mounts, request["grace"])
        script.stop_on_term()
        started = time.time()
        begun(started)
        write_json(folder.state, outcome.state("running", started=started))
        for extra, name in zip(more, logs):
            log = folder.work / name if name else folder.log
            title = f"worker {extra['TRAINFERRY_RANK']}: " if "TRAINFERRY_RANK" in extra else ""
            script.start({**own, **extra}, log, title)
        final = script.watch(request["timeout"], each_tick)
    except environment.BuildFailed as error:
        name = request["environment"]["name"]
        final = outcome.state("failed", reason=f"the environment {name} can't be built on the node: {error}")
    except OSError as error:
        final = outcome.state("failed", reason=f"can't run on this node: {error}")
    final["started"] = started
    datasets.remove(folder.inputs)
    return final


def prepare(
    request: dict[str, Any], folder: RunFolder, tell: Callable[[str], object]
) -> tuple[list[str], list[tuple[str, str]], dict[str, str]]:
    """The run's folder with all that it needs; returns the command, what is to be mounted, and the variables."""
    folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_json(folder.state, outcome.state("queued", reason="the node prepares the run"))
    if not folder.work.exists():
        part = folder.path / f"work.{os.getpid()}.part"
        shutil.copytree(request["snapshot_folder"], part, copy_function=shutil.copyfile)
        for name in request["executables"]:
            (part / name).chmod(0o755)
        for name in ("outputs", "logs"):
            (part / name).mkdir(exist_ok=True)
        part.rename(folder.work)
    storage = storage_of(request["storage"])
    python = sys.executable
    if request["environment"]:
        files = Path(request["unpacked"]) / "requirements"
        python = str(environment.build(storage, request["environment"], files, lambda text: tell(f"{text}\n")))
    paths, mounts = datasets.place(request["datasets"], storage, folder.inputs)
    words = [python, request["script"]]
    for argument in request["arguments"]:
        pieces = argument.split("\0")  # text, name of a dataset, text, ...
        words.append("".join(paths[piece] if number % 2 else piece for number, piece in enumerate(pieces)))
    return words, mounts, variables.of_script(request["run_id"], python, request["variables"])


def run_rank(request_file: str) -> int:
    """Supervise the processes of a distributed run on one of its nodes; the state is left in the folder of the rank."""
    request = read_json(Path(request_file))
    os.unlink(request_file)
    request["snapshot_folder"] = snapshot_folder(request["snapshot"])
    folder = RunFolder(Path(request_file).parent)
    final = supervise(request, folder, request["more"], request["logs"], lambda _: None, lambda: None)
    final["ended"] = time.time()
    write_json(folder.state, final)
    return 0
