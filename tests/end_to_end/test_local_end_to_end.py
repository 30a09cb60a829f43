"""From the job file to the fetched result, through the installed `ferry` and the local backend, as a user goes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FERRY = Path(sys.executable).with_name("ferry")
DEADLINE = 120.0
Run = Callable[..., subprocess.CompletedProcess[str]]

NASTY = [
    "two words",
    "",
    "-x",
    "--flag=a b",
    'it\'s "quoted"',
    "$HOME `id` $(id)",
    "line\nbreak",
    "tab\there",
    "ü 漢 😀",
    "*",
    "\\",
]
ECHO = "import json, sys\nprint(json.dumps(sys.argv[1:]))\n"
SLOW = (
    "import pathlib, time\nprint('started', flush=True)\n"
    "while not pathlib.Path({gate!r}).exists(): time.sleep(0.02)\nprint('done')\n"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new user on this machine: own state, cache and settings, and an empty working folder."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("TRAINFERRY_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("TRAINFERRY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TRAINFERRY_CONFIG", os.devnull)
    return tmp_path


@pytest.fixture
def ferry(home: Path) -> Run:
    """Runs `ferry` to its end and checks its exit code."""

    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([FERRY, *arguments], capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
        return done

    return run


def job(script: str, **fields: object) -> str:
    """Write a job and its script to the working folder; the name of the job file."""
    Path("script.py").write_text(script, encoding="utf-8")
    data = {"name": "try", "script": "script.py", "environment": "current", "timeout": "5m", **fields}
    Path("job.yaml").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return "job.yaml"


def state_of(ferry: Run, run_id: str) -> str:
    """Where a run stands now."""
    state: str = json.loads(ferry("show", run_id, "--json").stdout)["state"]
    return state


def until(what: Callable[[], bool]) -> None:
    """Return when `what` holds; fail if that takes longer than the deadline."""
    end = time.monotonic() + DEADLINE
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_arguments_arrive_exactly_as_written(ferry: Run) -> None:
    ferry("run", job(ECHO, arguments=NASTY))
    assert json.loads(ferry("logs", "latest").stdout) == NASTY


def test_a_dataset_is_mounted_where_the_argument_says_and_nothing_of_the_project_is_visible(ferry: Run) -> None:
    data = Path("data")
    data.mkdir()
    (data / "a.txt").write_text("content")
    Path("helper.py").write_text("VALUE = 42\n")
    Path(".ferryignore").write_text("data/\nhelper.py\n")
    script = (
        "import pathlib, sys\nfolder = pathlib.Path(sys.argv[1])\nprint((folder / 'a.txt').read_text())\n"
        "try:\n    (folder / 'b.txt').write_text('x')\nexcept OSError as error:\n    print('errno', error.errno)\n"
        "print(sorted(p.name for p in pathlib.Path.cwd().iterdir()))\n"
        f"print(pathlib.Path({str(Path.cwd() / 'helper.py')!r}).exists())\n"
    )
    name = job(script, arguments=["${{ datasets.images }}"], datasets={"images": {"path": "data"}})
    ferry("run", name)
    lines = ferry("logs", "latest").stdout.splitlines()
    assert lines[0] == "content"
    assert lines[1] in ("errno 30", "errno 13")
    assert "helper.py" not in lines[2]
    assert lines[3] == "False"
    assert list(data.iterdir()) == [data / "a.txt"]


def test_a_failing_script_gives_code_1_its_exit_code_and_its_last_words(ferry: Run) -> None:
    done = ferry("run", job("import sys\nprint('the last words')\nsys.exit(7)\n"), code=1)
    assert "failed" in done.stdout
    assert done.stdout.count("the last words") == 1, "the log has said it"
    shown = json.loads(ferry("show", "latest", "--json").stdout)
    assert (shown["state"], shown["exit_code"]) == ("failed", 7)
    assert "the last words" in ferry("logs", "latest", "--tail", "1").stdout
    text = ferry("show", "latest").stdout
    assert "(exit code 7)\n" in text
    assert "last words:\n  the last words\n" in text
    assert "the last words" in ferry("wait", "latest", code=1).stdout


def test_ctrl_c_stops_the_following_and_not_the_run(ferry: Run, home: Path) -> None:
    gate = home / "gate"
    name = job(SLOW.format(gate=str(gate)))
    client = subprocess.Popen([FERRY, "run", name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert client.stdout is not None
    assert client.stdout.readline() == "started\n"
    client.send_signal(signal.SIGINT)
    _, said = client.communicate(timeout=DEADLINE)
    assert client.returncode == 130
    run_id = json.loads(ferry("runs", "--json").stdout)["runs"][0]["id"]
    assert f"ferry logs -f {run_id}" in said
    assert f"ferry cancel {run_id}" in said
    assert state_of(ferry, run_id) == "running"
    gate.touch()
    assert ferry("logs", "-f", run_id).stdout == "started\ndone\n"
    assert state_of(ferry, run_id) == "completed"


def test_a_killed_client_leaves_a_run_that_another_shell_can_follow(ferry: Run, home: Path) -> None:
    gate = home / "gate"
    client = subprocess.Popen([FERRY, "run", job(SLOW.format(gate=str(gate)))], stdout=subprocess.PIPE, text=True)
    assert client.stdout is not None
    assert client.stdout.readline() == "started\n"
    client.kill()
    client.communicate(timeout=DEADLINE)
    gate.touch()
    assert "completed" in ferry("wait", "latest").stdout


def test_cancel_ends_grandchildren_too_and_twice_is_harmless(ferry: Run, home: Path) -> None:
    pids = home / "pids"
    stubborn = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.setsid(); "
        f"open({str(pids)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    )
    script = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {stubborn!r}]).wait()\n"
    started = ferry("run", job(script), "--detach", "-q", "--set", "backends.local.grace_seconds=0.2").stdout.strip()
    until(lambda: pids.exists() and pids.read_text() != "")
    assert "canceled" in ferry("cancel", started, "--json").stdout
    with pytest.raises(ProcessLookupError):
        os.kill(int(pids.read_text()), 0)
    assert "canceled" in ferry("cancel", started).stdout


def test_more_runs_than_slots_are_queued_and_all_are_kept(ferry: Run) -> None:
    name = job("print('hello')")
    clients = [
        subprocess.Popen([FERRY, "run", name, "-q"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(8)
    ]
    outputs = [client.communicate(timeout=DEADLINE)[0] for client in clients]
    assert [client.returncode for client in clients] == [0] * 8, outputs
    runs = json.loads(ferry("runs", "--json").stdout)["runs"]
    assert [run["state"] for run in runs] == ["completed"] * 8


@pytest.mark.parametrize("flags", [["--on", "local"], ["--profile", "here"], []])
def test_the_backend_is_one_word_of_config(ferry: Run, flags: list[str]) -> None:
    default = "local" if flags == [] else "elsewhere"
    Path("trainferry.toml").write_text(f'backend = "{default}"\n[profiles.here]\nbackend = "local"\n', encoding="utf-8")
    assert "completed" in ferry("run", job("print(1)"), *flags).stdout


def test_a_timeout_ends_the_run_and_says_so(ferry: Run) -> None:
    done = ferry("run", job("import time\ntime.sleep(600)\n", timeout=1), code=1)
    assert "timeout" in done.stdout


def test_two_runs_are_compared_by_what_they_wrote(ferry: Run) -> None:
    script = (
        "import pathlib, sys\npathlib.Path('outputs').mkdir(exist_ok=True)\n"
        "pathlib.Path('outputs/h.csv').write_text('epoch,loss\\n0,2\\n1,' + sys.argv[1] + '\\n')\n"
    )
    name = job(script, arguments=["1.0"], metrics="outputs/h.csv")
    ferry("run", name)
    ferry("run", name, "--set", 'arguments=["1.5"]')
    first, second = (run["id"] for run in json.loads(ferry("runs", "--json").stdout)["runs"])
    found: dict[str, Any] = json.loads(ferry("compare", first, second, "--json").stdout)
    (loss,) = found["metrics"]
    assert loss["max_difference"] == 0.5
    assert [difference["values"] for difference in found["differences"]] == [["1.5", "1.0"]]
