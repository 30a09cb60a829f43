"""Cancel, stop and sudden death: no process is left, and every run comes to an honest end."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from azureml_emulator.engine.contract import RunState, Status
from azureml_emulator.engine.engine import Engine, EngineError

if TYPE_CHECKING:
    from emulator.tests.engine.conftest import Workshop

FAMILY = """
    import os, signal, subprocess, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if len(sys.argv) < 3:
        subprocess.Popen([sys.executable, "train.py", *sys.argv[1:], "x"], start_new_session=True)
    print("MARK-{}-{}".format(os.environ["AZUREML_RUN_ID"], len(sys.argv)), flush=True)
    time.sleep(600)
"""
"""A script, its child and its grandchild, each in a session of its own, none of which heeds SIGTERM."""


def family(mark: str) -> list[int]:
    """Processes that carry this run id."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"AZUREML_RUN_ID={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def start_family(workshop: "Workshop", mark: str, **fields: object) -> str:
    """Submit the family and wait until all three are there."""
    run_id = workshop.submit(FAMILY, context={"AZUREML_RUN_ID": mark}, **fields)
    workshop.until(lambda: workshop.log(run_id).count("MARK") == 3)
    assert len(family(mark)) == 3
    return run_id


def test_cancel_ends_the_whole_family(workshop: "Workshop") -> None:
    run_id = start_family(workshop, "cancel-family")
    assert workshop.engine.cancel(run_id)
    state = workshop.wait(run_id)
    assert state.status is Status.CANCELED
    assert family("cancel-family") == []
    assert workshop.engine.cancel(run_id), "again, which is harmless"
    assert workshop.state(run_id).status is Status.CANCELED


def test_a_child_that_outlives_the_script_is_ended(workshop: "Workshop") -> None:
    script = """
        import subprocess, sys
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        open("outputs/done", "w").write("yes")
    """
    state = workshop.run(script, context={"AZUREML_RUN_ID": "outlives"})
    assert state.status is Status.COMPLETED
    assert family("outlives") == []
    assert workshop.ears.files[state.run_id] == {"outputs/done": b"yes"}


def test_cancel_while_it_waits_for_a_node(workshop: "Workshop") -> None:
    run_id = workshop.submit(cluster="not-there-yet")
    workshop.wait_for(run_id, Status.QUEUED)
    assert workshop.engine.cancel(run_id)
    assert workshop.wait(run_id).status is Status.CANCELED
    assert Status.RUNNING not in [state.status for state in workshop.ears.states[run_id]]


def test_a_stopped_emulator_leaves_no_process_and_says_so_later(workshop: "Workshop") -> None:
    run_id = start_family(workshop, "stopped")
    workshop.engine.close()
    assert family("stopped") == []
    assert not workshop.state(run_id).status.final
    workshop.new_engine().start()
    state = workshop.wait(run_id)
    assert state.status is Status.FAILED
    assert state.error is not None
    assert (state.error.code, state.error.kind) == ("ServiceError", "EmulatorStopped")
    assert workshop.log(run_id).count("MARK") == 3, "no line twice, none lost"


def test_a_waiting_run_waits_on_after_a_restart(workshop: "Workshop") -> None:
    run_id = workshop.submit(cluster="later")
    workshop.wait_for(run_id, Status.QUEUED)
    workshop.engine.close()
    engine = workshop.new_engine()
    engine.clusters.put(workshop.cluster.model_copy(update={"name": "later"}))
    engine.start()
    assert workshop.wait(run_id).status is Status.COMPLETED
    told = [state.status for state in workshop.ears.states[run_id]]
    assert told == [Status.PREPARING, Status.QUEUED, Status.RUNNING, Status.FINALIZING, Status.COMPLETED]


def test_two_emulators_cannot_have_the_same_folder(workshop: "Workshop") -> None:
    with pytest.raises(EngineError, match="another emulator uses"):
        Engine(workshop.home, workshop.cache, workshop.storage, workshop.ears).start()


SEPARATE_PROCESS = """
import importlib.util, sys, threading
from pathlib import Path
spec = importlib.util.spec_from_file_location("conftest", sys.argv[1])
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)
shop = conftest.Workshop(Path(sys.argv[2]), Path(sys.argv[3]))
shop.engine.start()
run_id = shop.submit(sys.argv[4], run_id=sys.argv[5], context={"AZUREML_RUN_ID": sys.argv[5]})
conftest.until(lambda: sys.argv[6] in shop.log(run_id))
print("ready", flush=True)
threading.Event().wait()
"""


def emulator(workshop: "Workshop", script: str, run_id: str, words: str) -> "subprocess.Popen[str]":
    """An engine in a process of its own, which runs a script and has seen these words in its log."""
    conftest = str(Path(__file__).with_name("conftest.py"))
    workshop.ears.late = True
    arguments = [conftest, workshop.folder, workshop.cache, script, run_id, words]
    process = subprocess.Popen(
        [sys.executable, "-c", SEPARATE_PROCESS, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def killed(process: "subprocess.Popen[str]") -> None:
    """Kill it and collect it."""
    process.kill()
    process.communicate()


def test_a_killed_emulator_leaves_no_process(workshop: "Workshop") -> None:
    workshop.engine.close()
    process = emulator(workshop, FAMILY, "killed", "MARK-killed-3")
    assert len(family("killed")) == 3
    killed(process)
    workshop.until(lambda: family("killed") == [])
    workshop.new_engine().start()
    state = workshop.wait("killed")
    assert state.error is not None
    assert state.error.kind == "EmulatorStopped"


def test_a_killed_emulator_and_a_killed_agent_leave_no_process(workshop: "Workshop") -> None:
    workshop.engine.close()
    process = emulator(workshop, FAMILY, "both-killed", "MARK-both-killed-3")
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            agent = b"azureml_emulator.engine.node.agent" in (folder / "cmdline").read_bytes()
            if agent and (folder / "cwd").readlink().is_relative_to(workshop.home):
                os.kill(int(folder.name), signal.SIGKILL)
    killed(process)
    workshop.new_engine().start()
    state = workshop.wait("both-killed")
    assert state.status is Status.FAILED
    assert family("both-killed") == []


def test_a_script_that_ended_as_the_emulator_was_killed_counts(workshop: "Workshop") -> None:
    """The agent notes the exit code; the next emulator brings the outputs home."""
    workshop.engine.close()
    script = """
        import os, signal, time
        open("outputs/model", "w").write("weights")
        print("all done", flush=True)
        while not os.path.exists("go"):
            time.sleep(0.01)
        print("the end")
    """
    process = emulator(workshop, script, "in-time", "all done")
    os.kill(process.pid, signal.SIGSTOP)
    (workshop.work("in-time") / "go").touch()
    status = workshop.home / "runs" / "in-time" / "node-0" / "status.json"
    workshop.until(lambda: json.loads(status.read_text())["codes"] == {"0": 0})
    killed(process)
    workshop.new_engine().start()
    state = workshop.wait("in-time")
    assert (state.status, state.exit_code) == (Status.COMPLETED, 0), state
    assert workshop.ears.files["in-time"] == {"outputs/model": b"weights"}


def test_a_cancel_is_kept_over_a_kill(workshop: "Workshop") -> None:
    workshop.engine.close()
    process = emulator(workshop, FAMILY, "cancel-kept", "MARK-cancel-kept-3")
    os.kill(process.pid, signal.SIGSTOP)
    (workshop.home / "runs" / "cancel-kept" / "cancel").touch()
    killed(process)
    workshop.new_engine().start()
    assert workshop.wait("cancel-kept").status is Status.CANCELED


def test_a_damaged_state_is_a_failed_run(workshop: "Workshop") -> None:
    run_id = workshop.submit(cluster="nowhere")
    workshop.wait_for(run_id, Status.QUEUED)
    workshop.engine.close()
    (workshop.home / "runs" / run_id / "state.json").write_text("")
    workshop.new_engine().start()
    state: RunState = workshop.wait(run_id)
    assert state.error is not None
    assert state.error.kind == "StateDamaged"
