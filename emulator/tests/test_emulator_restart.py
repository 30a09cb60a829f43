"""Starting, ending and starting again: state is kept, and nothing is left behind, however the end came."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from azureml_emulator import AzureMLEmulator
from azureml_emulator.emulator import EmulatorError
from wire_client import Wire, wait_for


@pytest.fixture
def wire(azure: AzureMLEmulator) -> Iterator[Wire]:
    """A client of it."""
    with Wire(azure) as made:
        yield made


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[AzureMLEmulator]:
    """An emulator of the test's own, running."""
    made = AzureMLEmulator(tmp_path / "state")
    made.start()
    yield made
    made.stop()


def below(pid: int) -> list[str]:
    """A process and all below it, each by its id and the moment of its start, which tells ids apart that are reused."""
    found, parents = {}, {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        number = int(file.parent.name)
        parents[number] = int(fields[1])
        if fields[0] != "Z":
            found[number] = f"{number} {fields[19]}"
    wanted = {pid}
    while more := {number for number, parent in parents.items() if parent in wanted} - wanted:
        wanted |= more
    return [found[number] for number in wanted if number in found]


def gone(processes: list[str]) -> bool:
    """Whether all have ended."""
    return not any(set(below(int(one.split()[0]))) & {one} for one in processes)


@pytest.mark.slow
def test_a_restart_keeps_everything(azure: AzureMLEmulator, wire: Wire) -> None:
    wire.put_compute("kept")
    run_id = wire.submit("print('before')", "kept", tags={"a": "b"})
    before = wire.ended(run_id)
    url = azure.url
    azure.restart()
    assert azure.url == url, "clients keep addresses"
    assert wire.client.get("/subscriptions").status_code == 200, "a token is good beyond a restart"
    assert wire.run(run_id) == before
    assert wire.file(run_id, "user_logs/std_log.txt").strip().endswith("before")
    assert [one["name"] for one in wire.ask("GET", f"{wire.scope}/computes")["value"]] == ["kept"]
    again = wire.submit("print('after')", "kept")
    assert wire.ended(again)["status"] == "Completed"


@pytest.mark.slow
def test_a_killed_emulator_leaves_nothing_and_goes_on(azure: AzureMLEmulator, wire: Wire) -> None:
    wire.put_compute("killed", nodes=1)
    running = wire.submit("import time\nprint('up', flush=True)\ntime.sleep(600)", "killed")
    wait_for(lambda: wire.run(running)["status"] == "Running", "the script's start")
    waiting = wire.submit("print('late')", "killed")
    processes = below(azure.pid)
    assert len(processes) > 2, "Azurite and the script"
    os.kill(azure.pid, signal.SIGKILL)
    wait_for(lambda: gone(processes), "the end of Azurite and of the script")
    azure.restart()
    assert wire.ended(waiting)["status"] == "Completed"
    assert wire.ended(running)["status"] == "Failed", "its process is gone, and history says so"


def test_the_emulator_ends_with_whoever_started_it(tmp_path: Path) -> None:
    program = (
        "import json, sys\nfrom pathlib import Path\nfrom azureml_emulator import AzureMLEmulator\n"
        "azure = AzureMLEmulator(Path(sys.argv[1])).start()\nprint(azure.pid, flush=True)\ninput()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "state")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        processes = below(int(owner.stdout.readline()))
        owner.kill()
    wait_for(lambda: gone(processes), "the end of the emulator and of Azurite")


def test_a_deleted_state_folder_ends_its_emulator(azure: AzureMLEmulator) -> None:
    processes = below(azure.pid)
    azure.state.rename(azure.state.with_name("elsewhere"))
    wait_for(lambda: gone(processes), "the end of the emulator and of Azurite")


def test_without_storage_there_is_no_cloud(azure: AzureMLEmulator) -> None:
    """A client had better meet a closed door than errors at each request."""
    processes = below(azure.pid)
    children = [int(one.split()[0]) for one in processes if int(one.split()[0]) != azure.pid]
    (azurite,) = [pid for pid in children if "azurite" in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")]
    os.kill(azurite, signal.SIGKILL)
    wait_for(lambda: gone(processes), "the end of the emulator")


def test_a_state_folder_has_one_emulator(azure: AzureMLEmulator) -> None:
    with pytest.raises(EmulatorError, match="an emulator is running on"):
        AzureMLEmulator(azure.state).start()


def test_without_a_folder_nothing_stays() -> None:
    with AzureMLEmulator(workspace="other", location="westeurope") as azure:
        folder = azure.state
        assert (azure.workspace, azure.location) == ("other", "westeurope")
        assert json.loads(azure.write_config(folder).read_text())["workspace_name"] == "other"
    assert not folder.exists()


@pytest.mark.slow
def test_a_run_that_was_taken_on_is_handed_over_after_a_kill(azure: AzureMLEmulator, wire: Wire) -> None:
    """The kill comes between the two: history has the run, the engine doesn't."""
    wire.put_compute("handed")
    done = wire.submit("print('really')", "handed")
    wire.ended(done)
    azure.stop()
    # What the state looks like then: the run hasn't ended, and the engine has no record of it.
    with sqlite3.connect(azure.state / "state.sqlite3") as database:
        changed = (
            "UPDATE documents SET document = replace(document, '\"Completed\"', '\"NotStarted\"') WHERE kind = 'run'"
        )
        assert database.execute(changed).rowcount == 1
    database.close()
    for file in (azure.state / "work").rglob(f"*{done}*"):
        if file.is_dir():
            shutil.rmtree(file)
        else:
            file.unlink()
    azure.start()
    assert wire.ended(done)["status"] == "Completed"
