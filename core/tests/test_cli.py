"""The command line, as a user runs it: the installed `ferry`, real processes, a backend installed like a stranger's."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trainferry.cli.table import COMMANDS

FERRY = Path(sys.executable).with_name("ferry")
Run = Callable[..., subprocess.CompletedProcess[str]]
JOB = 'name: try\nscript: train.py\narguments: [--epochs, "2"]\ntimeout: 1h\nmetrics: outputs/history.csv\n'


@pytest.fixture
def ferry(shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `ferry` with these arguments in the working folder, which holds a job; text in, text out."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "sites" / "trainferry-shelf"))
    Path("job.yaml").write_text(JOB, encoding="utf-8")
    Path("train.py").write_text(
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--epochs')\n", encoding="utf-8"
    )

    def run(*arguments: str, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"COLUMNS": "100"} | more
        done = subprocess.run(
            [FERRY, *arguments],
            capture_output=True,
            text=True,
            env=environment,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
        return done

    return run


def document(done: subprocess.CompletedProcess[str]) -> Any:
    """The only JSON document on stdout."""
    return json.loads(done.stdout)


def test_the_top_help_lists_every_command(ferry: Run) -> None:
    assert ferry().stdout == ferry("--help").stdout == ferry("help").stdout
    for name, (_, summary) in COMMANDS.items():
        assert f"  {name} " in ferry("--help").stdout
        assert summary in ferry("--help").stdout


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_a_help_with_examples(ferry: Run, name: str) -> None:
    text = ferry(name, "--help").stdout
    assert text == ferry("help", name).stdout
    assert "examples:\n  ferry " in text
    assert "--json" in text


def test_the_version_is_that_of_the_package(ferry: Run) -> None:
    from trainferry import __version__

    assert ferry("--version").stdout == f"trainferry {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rnu"], "did you mean: ferry run"),
        (["--vresion"], "there is no option '--vresion'"),
        (["zzz"], "'ferry --help' lists the commands"),
        (["run"], "the following arguments are required: JOB"),
        (["run", "job.yaml", "--detahc"], "did you mean --detach?"),
        (["wait", "latest", "--timeout", "soon"], "'soon' is not a duration"),
        (["plan", "job.yaml", "--set", "nothing"], "not KEY=VALUE"),
        (["plan", "job.yaml", "--profile", "gpu"], "there is no profile 'gpu'"),
        (["config", "colour"], "there is no setting 'colour'"),
    ],
)
def test_wrong_usage_is_two_lines_and_code_2(ferry: Run, arguments: list[str], said: str) -> None:
    done = ferry(*arguments, code=2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_light_commands_import_neither_pydantic_nor_rich_nor_a_backend(ferry: Run) -> None:
    heavy = {"pydantic", "rich", "yaml", "pluggy", "shelf_backend", "trainferry_local", "importlib.metadata"}
    for arguments in (["--help"], ["--version"], ["backends"]):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", FERRY, *arguments], capture_output=True, text=True, check=True
        )
        imported = {
            line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")
        }
        assert "trainferry.cli.main" in imported
        assert not heavy & imported
    assert "shelf" in ferry("backends").stdout


def test_run_tells_how_it_ended_and_what_to_do_next(ferry: Run) -> None:
    done = ferry("run", "job.yaml")
    assert '["--epochs", "2"]' in done.stdout
    assert "completed after 4.0 s" in done.stdout
    assert "outputs/history.csv" in done.stdout
    assert "epoch  loss\n1      2.5\n2      1.5\n" in done.stdout
    steps = done.stdout.partition("next:\n")[2].splitlines()
    assert len(steps) == 3
    for step in steps[:2]:
        ferry(*step.split()[1:])


def test_run_as_a_document_and_detached(ferry: Run) -> None:
    data = document(ferry("run", "job.yaml", "--json"))
    assert data["run"]["state"] == "completed"
    assert data["metrics"] == [{"epoch": 0, "loss": 2.5}, {"epoch": 1, "loss": 1.5}]
    assert Path(data["files"]["outputs/history.csv"]).exists()
    done = ferry("run", "job.yaml", "-d", "-q")
    assert ferry("wait", done.stdout.strip()).stdout.startswith(f"run {done.stdout.strip()} completed")


def test_a_failed_run_has_code_1_and_its_reason(ferry: Run) -> None:
    done = ferry("run", "job.yaml", "--set", "backends.shelf.exit_code=3", code=1)
    assert "failed after 4.0 s: exit code 3" in done.stdout
    (listed,) = document(ferry("runs", "--json"))["runs"]
    assert (listed["state"], listed["exit_code"]) == ("failed", 3)


def test_findings_stop_a_run_with_code_1(ferry: Run) -> None:
    done = ferry("run", "job.yaml", "--set", "compute.size=too-big", code=1)
    assert "error: no such size [size]" in done.stderr
    assert "nothing was submitted" in done.stderr
    assert ferry("runs").stdout == ""
    found = document(ferry("check", "job.yaml", "--set", "compute.size=too-big", "--json", code=1))
    assert found["findings"][0]["id"] == "size"


def test_every_problem_of_a_job_file_is_told_with_its_place(ferry: Run) -> None:
    Path("bad.yaml").write_text("name: try\nscirpt: train.py\ntimeout: soon\n", encoding="utf-8")
    done = ferry("check", "bad.yaml", code=1)
    assert "bad.yaml:2:1" in done.stderr
    assert "did you mean 'script'?" in done.stderr
    assert "bad.yaml:3:1: timeout: 'soon' is not a duration" in done.stderr
    errors = document(ferry("check", "bad.yaml", "--json", code=1))["errors"]
    assert [Path(error["where"]).name for error in errors] == ["bad.yaml:1:1", "bad.yaml:2:1", "bad.yaml:3:1"]


def test_swapping_the_backend_by_a_word(ferry: Run) -> None:
    assert "on the backend 'shelf'" in ferry("plan", "job.yaml").stdout
    done = ferry("plan", "job.yaml", "--on", "nowhere", code=1)
    assert "there is no plugin 'nowhere'" in done.stderr
    assert "installed: " in done.stderr
    Path("trainferry.toml").write_text('[profiles.p]\nbackend = "elsewhere"\n', encoding="utf-8")
    assert "elsewhere" in ferry("plan", "job.yaml", "--profile", "p", code=1, TRAINFERRY_BACKEND="").stderr


def test_show_logs_fetch_and_rm(ferry: Run, tmp_path: Path) -> None:
    name = document(ferry("run", "job.yaml", "--json"))["run"]["id"]
    assert f"run:        {name}" in ferry("show", "latest").stdout
    assert document(ferry("show", name, "--json"))["job"]["script"] == "train.py"
    assert ferry("logs", name).stdout == '["--epochs", "2"]\n'
    assert ferry("logs", name, "--tail", "0").stdout == ""
    assert ferry("logs", "-f", name[:-2]).stdout == '["--epochs", "2"]\n'
    assert "nobody is there to ask" in ferry("rm", name, code=1).stderr
    assert ferry("rm", name, "--yes").stdout == f"removed {name}\n"
    assert "there is no run" in ferry("show", name, code=1).stderr


def test_fetch_names_what_there_is_when_nothing_fits(ferry: Run) -> None:
    ferry("run", "job.yaml")
    done = ferry("fetch", "latest", "outputs/*.keras", code=1)
    assert "it has: outputs/history.csv" in done.stderr


def test_compare_and_plot_take_runs_and_files(ferry: Run) -> None:
    ferry("run", "job.yaml")
    Path("old.csv").write_text("epoch,loss\n0,2.5\n1,1.0\n", encoding="utf-8")
    text = ferry("compare", "latest", "old.csv").stdout
    assert "largest difference: 0.5" in text
    assert "best  " in text
    assert "differ by up to 0.5" in ferry("compare", "latest", "old.csv", "--tolerance", "0.4", code=1).stderr
    ferry("compare", "latest", "old.csv", "--tolerance", "0.6")
    assert "no run has the metric 'acc'" in ferry("compare", "latest", "old.csv", "--metric", "acc", code=1).stderr
    assert "takes two runs or more" in ferry("compare", "latest", code=1).stderr
    Path("nan.csv").write_text("epoch,loss\n0,2\n1,nan\n", encoding="utf-8")
    assert document(ferry("plot", "nan.csv", "--json"))["series"]["nan"] == [
        {"epoch": 0.0, "loss": 2.0},
        {"epoch": 1.0, "loss": None},
    ]
    assert "2.5 -> 1.5" in ferry("plot", "latest", "old.csv").stdout
    assert ferry("plot", "latest", PYTHONIOENCODING="ascii", PYTHONUTF8="0").stdout.isascii()


def test_a_comparison_as_a_document_names_what_differs_and_keeps_to_the_metric(ferry: Run) -> None:
    first = document(ferry("run", "job.yaml", "--json"))["run"]["id"]
    Path("old.csv").write_text("epoch,loss,acc\n0,2.5,0\n", encoding="utf-8")
    ferry("run", "job.yaml", "--set", "tags.note=second")
    assert document(ferry("compare", "latest", first, "--json"))["differences"] == [
        {"field": "tags.note", "values": ["second", None]}
    ]
    found = document(ferry("compare", "latest", "old.csv", "--metric", "acc", "--json"))
    assert [metric["name"] for metric in found["metrics"]] == ["acc"]


def test_a_metric_whose_name_sounds_like_a_secret_is_shown(ferry: Run) -> None:
    Path("speed.csv").write_text("epoch,tokens_per_second\n0,512.5\n", encoding="utf-8")
    assert document(ferry("plot", "speed.csv", "--json"))["series"]["speed"] == [
        {"epoch": 0.0, "tokens_per_second": 512.5}
    ]


def test_the_tail_of_a_log_may_be_followed(ferry: Run) -> None:
    ferry("run", "job.yaml", "--set", 'arguments=["a", "b"]')
    assert ferry("logs", "latest", "--tail", "1").stdout == '["a", "b"]\n'
    assert ferry("logs", "-f", "latest", "--tail", "0").stdout == ""
    assert ferry("logs", "-f", "latest", "--tail", "1").stdout == '["a", "b"]\n'
    assert "'-1' is no whole number of 0 or more" in ferry("logs", "latest", "--tail", "-1", code=2).stderr


def test_config_shows_values_with_their_origin(ferry: Run) -> None:
    Path("trainferry.toml").write_text('[backends.shelf]\napi_token = "abc123"\n', encoding="utf-8")
    text = ferry("config", "--set", "compute.size=big").stdout
    assert "TRAINFERRY_BACKEND" in text
    assert "job.compute.size" in text
    assert "abc123" not in text
    assert ferry("config", "backend").stdout == "shelf\n"
    assert document(ferry("config", "--json"))["settings"]["backend"]["origin"] == "TRAINFERRY_BACKEND"


def test_one_backend_shows_what_it_can_do(ferry: Run) -> None:
    text = ferry("backends", "shelf").stdout
    assert "trainferry-shelf 0.3" in text
    assert "find_runs" in text
    assert "fail_at" in text
    assert "did you mean 'shelf'" in ferry("backends", "shelv", code=1).stderr


def test_init_writes_a_job_that_passes_and_overwrites_nothing(ferry: Run) -> None:
    ferry("init", "a b ü")
    ferry("check", "a b ü/job.yaml", "--strict")
    Path("a b ü/train.py").write_text("print('mine')\n", encoding="utf-8")
    assert "is there already" in ferry("init", "a b ü", code=1).stderr
    Path("a b ü/job.yaml").unlink()
    ferry("init", "a b ü")
    assert Path("a b ü/train.py").read_text(encoding="utf-8") == "print('mine')\n"
    ferry("init", "a b ü", "--force")
    assert "argparse" in Path("a b ü/train.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", ["2024", "null", "on", "1.5", "two words", "ünï"])
def test_init_takes_a_folder_of_any_name(ferry: Run, folder: str) -> None:
    typed = ferry("init", folder).stderr.removeprefix("try: ")
    assert shlex.split(typed) == ["ferry", "run", f"{folder}/job.yaml"]
    ferry("check", f"{folder}/job.yaml", "--strict")


def test_the_schema_goes_to_a_file_or_the_terminal(ferry: Run) -> None:
    ferry("schema", "-o", "job.schema.json")
    assert json.loads(Path("job.schema.json").read_text(encoding="utf-8")) == document(ferry("schema"))
    assert "can't write" in ferry("schema", "-o", "nowhere/x.json", code=1).stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_one_of_that_shell(ferry: Run, shell: str) -> None:
    script = ferry("completion", shell).stdout
    assert "backends" in script
    if program := shutil.which(shell):
        assert subprocess.run([program, "-n"], input=script, text=True, check=False).returncode == 0


def test_bash_completes_commands_options_and_run_ids(ferry: Run) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash on this machine")
    name = document(ferry("run", "job.yaml", "--json"))["run"]["id"]
    script = ferry("completion", "bash").stdout
    ask = 'COMP_WORDS=(ferry "$@"); COMP_CWORD=$#; _shtab_ferry; printf "%s\\n" "${COMPREPLY[@]}"'
    environment = os.environ | {"PATH": f"{FERRY.parent}:{os.environ['PATH']}"}

    def completed(*words: str) -> str:
        command = [bash, "-c", f"{script}\n{ask}", "bash", *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout

    assert "backends" in completed("ba")
    assert "--detach" in completed("run", "--de")
    assert name in completed("show", name[:5])
    Path("trainferry.toml").write_text("[profiles.cloud]\n[profiles.cluster]\n", encoding="utf-8")
    Path("results").mkdir()
    for words, offered in (
        (["run", "job.yaml", "--on", "sh"], ["shelf"]),
        (["backends", "sh"], ["shelf"]),
        (["doctor", "sh"], ["shelf"]),
        (["plan", "job.yaml", "--profile", "cl"], ["cloud", "cluster"]),
        (["fetch", name, "--to", "res"], ["results"]),
        (["compare", "job"], ["job.yaml"]),
        (["plot", name[:5]], [name]),
    ):
        assert completed(*words).split() == offered, words


def test_a_reader_that_goes_away_is_no_error(ferry: Run) -> None:
    for _ in range(3):
        ferry("run", "job.yaml", "-d", "-q")
    command = f"'{FERRY}' schema | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("{\n", "")


def test_a_mistake_of_ours_leaves_its_trace_in_a_file(ferry: Run, tmp_path: Path, own_home: Path) -> None:
    plugin = tmp_path / "sites" / "trainferry-shelf" / "shelf_backend.py"
    plugin.write_text(plugin.read_text().replace("def poll(self, refs):", "def poll(self, refs):\n        1 / 0"))
    done = ferry("run", "job.yaml", code=1)
    assert "this is a mistake in Trainferry: ZeroDivisionError" in done.stderr
    assert "Traceback" not in done.stderr
    (trace,) = (own_home / "state" / "crashes").iterdir()
    assert "1 / 0" in trace.read_text()
    assert "Traceback" in ferry("run", "job.yaml", code=1, TRAINFERRY_DEBUG="1").stderr


def test_an_interrupt_that_a_library_swallowed_is_no_mistake_of_ours(
    ferry: Run, tmp_path: Path, own_home: Path
) -> None:
    """As with a library that Ctrl-C leaves half loaded: what fails then is the rest of it."""
    plugin = tmp_path / "sites" / "trainferry-shelf" / "shelf_backend.py"
    interrupt = """
        import signal
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("half a module") from None"""
    plugin.write_text(plugin.read_text().replace("def poll(self, refs):", f"def poll(self, refs):{interrupt}"))
    done = ferry("run", "job.yaml", code=130)
    assert done.stderr.endswith("\ninterrupted\n")
    assert not (own_home / "state" / "crashes").exists()


def test_a_damaged_run_store_is_mended_and_the_earlier_runs_are_there(ferry: Run, own_home: Path) -> None:
    name = document(ferry("run", "job.yaml", "--json"))["run"]["id"]
    for stale in (own_home / "state").glob("runs.sqlite3*"):
        stale.unlink()
    (own_home / "state" / "runs.sqlite3").write_bytes(b"this is no database" * 99)
    done = ferry("runs")
    assert name in done.stdout
    assert "the run store was damaged" in done.stderr


def test_no_secret_is_shown_or_stored(ferry: Run, own_home: Path) -> None:
    secrets = ["s3cr3t-value", "sig-abc%2Fdef", "pa55word"]
    Path("job.yaml").write_text(
        JOB.replace('arguments: [--epochs, "2"]', "arguments: [--epochs, 1]")
        + f"environment: {{variables: {{HF_TOKEN: {secrets[0]}, URL: 'https://x.example/b?sv=1&sig={secrets[1]}'}}}}\n"
        + f"tags: {{db_password: {secrets[2]}}}\n",
        encoding="utf-8",
    )
    shown = "".join(
        done.stdout + done.stderr
        for done in (
            ferry("run", "job.yaml"),
            ferry("plan", "job.yaml", "--json"),
            ferry("show", "latest", "--json"),
            ferry("runs", "--json"),
        )
    )
    stored = b"".join(file.read_bytes() for file in (own_home / "state").glob("runs*/*") if file.is_file())
    stored += b"".join(file.read_bytes() for file in (own_home / "state").glob("runs.sqlite3*"))
    for secret in secrets:
        assert secret not in shown
        assert secret.encode() not in stored


def test_doctor_tells_what_is_there_and_what_is_broken(ferry: Run, tmp_path: Path) -> None:
    text = ferry("doctor", "shelf").stdout
    assert "shelf:      ready" in text
    assert "python:" in text
    done = ferry("doctor", "nowhere", code=1)
    assert "there is no plugin 'nowhere'" in done.stderr


def test_an_emulator_gets_what_follows_its_name(ferry: Run, install: Callable[..., Path], tmp_path: Path) -> None:
    code = "def main(arguments, prog):\n    print(prog, arguments)\n    return 3\n"
    install("cloud-in-a-box", "2.1", code=code, group="trainferry.emulators", box="box_cloud:main")
    install("broken-cloud", code="import nowhere", group="trainferry.emulators", broken="broken_cloud:main")
    sites = {"PYTHONPATH": ":".join(str(tmp_path / "sites" / name) for name in ("cloud-in-a-box", "broken-cloud"))}
    listed = document(ferry("emulate", "--json", **sites))
    assert {"name": "box", "distribution": "cloud-in-a-box", "version": "2.1", "target": "box_cloud:main"} in listed
    done = ferry("emulate", "box", "start", "--port", "1", "--json", code=3, **sites)
    assert done.stdout == "ferry emulate box ['start', '--port', '1', '--json']\n"
    done = ferry("emulate", "broken", code=1, **sites)
    assert "broken-cloud 1.0) can't be loaded: ModuleNotFoundError" in done.stderr
    assert "there is no plugin 'sky'" in ferry("emulate", "sky", code=1, **sites).stderr
