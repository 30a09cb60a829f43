"""Runs from submit to end: what the script gets, what is kept of it, and what is said when it fails."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainferry.errors import BackendError, RunNotFound
from trainferry.progress import silent
from trainferry.specs import RunState

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.local.tests.conftest import Lab

PRINT_ARGUMENTS = "import json, sys; print(json.dumps(sys.argv[1:]))"


def test_a_run_completes_with_its_log_times_and_files(lab: "Lab") -> None:
    lab.write("""
        import sys, pathlib
        print("out"); print("err", file=sys.stderr); print("out again")
        pathlib.Path("outputs/model.bin").write_bytes(b"x" * 10)
    """)
    ref = lab.submit()
    status = lab.wait(ref)
    assert (status.state, status.exit_code, status.reason) == (RunState.COMPLETED, 0, "")
    assert status.started is not None
    assert status.ended is not None
    assert status.started < status.ended
    assert lab.log(ref) == "out\nerr\nout again\n"
    assert {entry.path: entry.size for entry in lab.backend.list_files(ref)} == {
        "logs/std_log.txt": 18,
        "outputs/model.bin": 10,
    }


ARGUMENTS = [
    "",
    " a  b ",
    "'\"`$(id)\\",
    "line\nbreak\ttab",
    "ünï\U0001f600",
    "-x",
    "--",
    "*",
    "$HOME",
    "%s",
    "\x7f\x01",
]


def test_arguments_arrive_exactly(lab: "Lab") -> None:
    lab.write(PRINT_ARGUMENTS)
    assert json.loads(lab.output(arguments=ARGUMENTS)) == ARGUMENTS


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arguments=st.lists(
        st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0$"), max_size=20), max_size=4
    )
)
def test_any_text_without_nul_arrives_exactly(lab: "Lab", arguments: list[str]) -> None:
    lab.write(PRINT_ARGUMENTS)
    assert json.loads(lab.output(arguments=arguments)) == arguments


def test_a_script_whose_name_looks_like_an_option_is_run(lab: "Lab") -> None:
    lab.write("print('ran')", "-c.py")
    assert lab.output(script="-c.py") == "ran\n"


def test_the_script_gets_the_usual_variables_and_its_own_and_no_others(
    lab: "Lab", monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.write("import json, os; print(json.dumps(dict(os.environ)))")
    for name in ("SECRET_TOKEN", "PYTHONPATH", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE", "WANDB_API_KEY"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    backend = lab.client(pass_variables=["WANDB_*"])
    plan = lab.plan(environment={"current": True, "variables": {"MINE": "a=b\nc", "OMP_NUM_THREADS": "4"}})
    ref = lab.apply(plan, backend)
    lab.wait(ref)
    got = json.loads(lab.log(ref))
    assert got.keys() & {"SECRET_TOKEN", "PYTHONPATH", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE"} == set()
    assert (got["WANDB_API_KEY"], got["MINE"], got["OMP_NUM_THREADS"]) == ("/nowhere", "a=b\nc", "4")
    assert (got["https_proxy"], got["TRAINFERRY_RUN_ID"]) == ("http://proxy.example:3128", ref)
    assert got["PATH"].startswith(str(Path(sys.executable).parent) + ":")
    kept = b"".join(path.read_bytes() for path in lab.folder(ref).rglob("*") if path.is_file() and path.name != "log")
    assert b"/nowhere" not in kept


def test_the_script_has_no_input_and_no_terminal(lab: "Lab") -> None:
    lab.write("""
        import os, sys
        print(repr(sys.stdin.read()), os.getsid(0) == os.getpid())
        try:
            os.open("/dev/tty", os.O_RDWR)
        except OSError as error:
            print(type(error).__name__)
    """)
    assert lab.output() == "'' True\nOSError\n"


def test_a_failed_script_is_failed_with_exit_code_and_last_lines(lab: "Lab") -> None:
    lab.write("print('first'); raise SystemExit('the data is bad')")
    status = lab.wait(lab.submit())
    assert (status.state, status.exit_code) == (RunState.FAILED, 1)
    assert status.reason == "exit code 1\nfirst\nthe data is bad"


@pytest.mark.parametrize(
    ("number", "words"), [(11, "ended by SIGSEGV"), (9, "ended by SIGKILL; when nobody sent it, the")]
)
def test_a_signal_is_named(lab: "Lab", number: int, words: str) -> None:
    lab.write(f"import os; os.kill(os.getpid(), {number})")
    status = lab.wait(lab.submit())
    assert (status.state, status.exit_code) == (RunState.FAILED, -number)
    assert status.reason.startswith(words)


def test_a_missing_script_fails_and_says_so(lab: "Lab") -> None:
    lab.write("pass")
    status = lab.wait(lab.submit(script="nowhere.py"))
    assert status.state is RunState.FAILED
    assert "nowhere.py" in status.reason


def test_an_interpreter_that_is_gone_is_a_failed_run_not_a_lost_one(lab: "Lab") -> None:
    lab.write("pass")
    plan = lab.plan(environment={"name": "none"})
    lab.backend.apply(plan.actions[0], silent)
    (python,) = lab.site.cache.glob("environments/*/bin/python")
    python.unlink()
    python.symlink_to("/nowhere/python")
    ref = lab.backend.apply(plan.actions[1], silent).ref
    assert ref
    status = lab.wait(ref)
    assert status.state is RunState.FAILED
    assert "No such file or directory" in status.reason


def test_a_timeout_ends_every_process_and_says_so(lab: "Lab") -> None:
    lab.write("""
        import subprocess, sys, time
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        print("started"); time.sleep(600)
    """)
    status = lab.wait(lab.submit(timeout=1))
    assert status.state is RunState.FAILED
    assert status.reason == "timeout after 1 s; every process of the script was ended\nstarted"
    assert status.exit_code is None


def test_what_the_script_leaves_running_is_ended_with_it(lab: "Lab") -> None:
    lab.write("""
        import subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        print(child.pid)
    """)
    ref = lab.submit()
    assert lab.wait(ref).state is RunState.COMPLETED
    assert not Path(f"/proc/{int(lab.log(ref))}").exists()


def test_a_submit_applied_twice_is_one_run(lab: "Lab") -> None:
    lab.write("open('outputs/ran', 'a').write('x')")
    plan = lab.plan()
    assert lab.apply(plan) == lab.apply(plan)
    ref = plan.run_id
    lab.wait(ref)
    assert lab.apply(plan, lab.client()) == ref
    lab.wait(ref)
    assert (lab.folder(ref) / "work/outputs/ran").read_text() == "x"


def test_many_clients_that_submit_the_same_run_at_once_make_one(lab: "Lab") -> None:
    lab.write("open('outputs/ran', 'a').write('x')")
    action = lab.plan("same-1").actions[-1].model_dump_json()
    code = (
        "import sys; from pathlib import Path; from trainferry.backend import Backend;"
        "from trainferry.progress import silent; from trainferry.site import Site; from trainferry.specs import Action;"
        "from trainferry_local.plugin import LocalBackend; backend = Backend('local', LocalBackend());"
        "home, cache = map(Path, sys.argv[1:3]); backend.configure({}, Site(home, cache)); sys.stdin.readline();"
        "print(backend.apply(Action.model_validate_json(sys.argv[3]), silent).ref)"
    )
    command = [sys.executable, "-c", code, str(lab.site.home), str(lab.site.cache), action]
    clients = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for client in clients:
        assert client.stdin
        client.stdin.write("go\n")
        client.stdin.flush()
    assert [client.communicate() for client in clients] == [("same-1\n", "")] * 4
    assert lab.wait("same-1").state is RunState.COMPLETED
    assert (lab.folder("same-1") / "work/outputs/ran").read_text() == "x"


def test_a_plan_changes_nothing(lab: "Lab", tmp_path: Path) -> None:
    lab.write("pass")
    before = sorted(tmp_path.rglob("*"))
    first, second = (lab.plan(environment={"pip": ["a"]}) for _ in range(2))
    assert sorted(tmp_path.rglob("*")) == before
    assert [action.kind for action in first.actions] == ["build", "submit"]
    assert first.actions[0].fingerprint == second.actions[0].fingerprint


def test_a_source_that_changed_since_the_plan_is_refused(lab: "Lab") -> None:
    lab.write("print(1)")
    plan = lab.plan()
    lab.write("print(2)")
    with pytest.raises(BackendError, match="has changed since the plan was made; nothing was started"):
        lab.apply(plan)
    assert list((lab.home / "runs").iterdir()) == []
    assert list((lab.home / "drafts").iterdir()) == []


def test_an_unknown_run_is_an_error_at_once(lab: "Lab") -> None:
    assert lab.backend.poll(["nobody-1", "../home"]) == {}
    for ask in (lab.backend.cancel, lab.backend.list_files, lambda ref: lab.backend.read_log(ref, None)):
        for ref in ("nobody-1", "..", "", "a/b"):
            with pytest.raises(RunNotFound):
                ask(ref)


def test_a_run_outlives_its_client_and_another_client_follows_it(lab: "Lab") -> None:
    """The client is killed with a signal that it can't catch, with its whole process group."""
    lab.write("import os, time\nprint('up')\nwhile not os.path.exists('go'): time.sleep(0.01)\nprint('done')")
    action = lab.plan("out-1").actions[-1].model_dump_json()
    code = (
        "import os, signal, sys; from pathlib import Path; from trainferry.backend import Backend;"
        "from trainferry.progress import silent; from trainferry.site import Site; from trainferry.specs import Action;"
        "from trainferry_local.plugin import LocalBackend; backend = Backend('local', LocalBackend());"
        "home, cache = map(Path, sys.argv[1:3]); backend.configure({}, Site(home, cache));"
        "backend.apply(Action.model_validate_json(sys.argv[3]), silent); os.killpg(0, signal.SIGKILL)"
    )
    command = [sys.executable, "-c", code, str(lab.site.home), str(lab.site.cache), action]
    client = subprocess.run(command, start_new_session=True, check=False)
    assert client.returncode == -signal.SIGKILL
    lab.until_log("out-1", "up")
    first = lab.backend.read_log("out-1", None)
    (lab.folder("out-1") / "work/go").touch()
    assert lab.wait("out-1").state is RunState.COMPLETED
    rest = lab.client().read_log("out-1", first.cursor)
    assert (first.text, rest.text, rest.finished) == ("up\n", "done\n", True)


def test_what_a_client_left_that_was_killed_while_it_copied_is_cleared_away(lab: "Lab") -> None:
    lab.write("pass")
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    drafts = lab.home / "drafts"
    for pid in (int(gone.stdout), os.getpid()):
        (drafts / f"try-9.{pid}.1/work").mkdir(parents=True)
    lab.run()
    assert [draft.name for draft in drafts.iterdir()] == [f"try-9.{os.getpid()}.1"]


def test_runs_are_found_by_id_and_experiment(lab: "Lab") -> None:
    lab.write("pass")
    one = lab.run(experiment="birds", tags={"team": "blue"})
    two = lab.run()
    assert {run.run_id for run in lab.backend.find_runs()} == {one, two}
    (found,) = lab.backend.find_runs(experiment="birds")
    assert (found.run_id, found.ref, found.experiment, found.tags) == (one, one, "birds", {"team": "blue"})
    assert [run.run_id for run in lab.backend.find_runs(run_id=two)] == [two]
    assert lab.backend.find_runs(run_id="nobody") == []
    assert lab.client().find_runs(experiment="fish") == []


def test_pathological_folder_names_work(make_lab: "Callable[..., Lab]") -> None:
    lab = make_lab("räu me\n'\" $(x)")
    lab.write("import sys; print(open(sys.argv[1] + '/x').read())", "ünter ordner/tr ain\n.py")
    data = lab.project.parent / "da ta\n"
    data.mkdir()
    (data / "x").write_text("seen")
    output = lab.output(
        script="ünter ordner/tr ain\n.py", datasets={"d": {"path": str(data)}}, arguments=["${{ datasets.d }}"]
    )
    assert output == "seen\n"


def test_what_means_nothing_here_is_noted(lab: "Lab") -> None:
    lab.write("pass")
    job = lab.job(environment={"conda": ["scipy"], "image": "x/y:1"}, compute={"size": "Standard_NC6"})
    found = {finding.id: finding for finding in lab.backend.plan(job, "r-1").findings}
    assert found.keys() == {"conda-not-local", "ignored-locally"}
    assert "scipy" in found["conda-not-local"].message
    assert found["ignored-locally"].message.endswith("environment.image, compute")
    plan = lab.backend.plan(lab.job(datasets={"d": {"name": "in-the-cloud"}}), "r-1")
    assert [finding.id for finding in plan.errors] == ["dataset-not-local"]


def test_the_plugin_module_imports_nothing_heavy() -> None:
    code = (
        "import sys, trainferry_local.plugin;"
        "print(sorted({'pydantic', 'uv', 'tensorflow', 'ctypes', 'subprocess', 'pathspec'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_doctor_finds_this_machine_fit(lab: "Lab") -> None:
    assert [finding for finding in lab.backend.diagnose() if finding.severity == "error"] == []
