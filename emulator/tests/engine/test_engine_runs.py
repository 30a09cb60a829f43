"""A run from its order to its end: what the script gets, and what comes back."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from azureml_emulator.engine.contract import LogLayout, Status

if TYPE_CHECKING:
    from emulator.tests.engine.conftest import Workshop

SHOW = """
    import json, os, sys
    print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd(), "files": sorted(os.listdir()),
                      "variables": dict(os.environ), "input": sys.stdin.read(), "terminal": os.isatty(1)}))
"""


def test_a_script_runs_to_its_end(workshop: "Workshop") -> None:
    state = workshop.run("import sys; print('hello'); print('there', file=sys.stderr)")
    assert state.status is Status.COMPLETED, state
    assert state.exit_code == 0
    assert workshop.log(state.run_id) == "hello\nthere\n"
    told = [one.status for one in workshop.ears.states[state.run_id]]
    assert told == [Status.PREPARING, Status.QUEUED, Status.RUNNING, Status.FINALIZING, Status.COMPLETED]


def test_a_script_gets_what_was_ordered(workshop: "Workshop") -> None:
    arguments = ["--epochs", 10, 0.001, True, None, "", "two words", 'it\'s "quoted"', "ü\nnew line", "$HOME"]
    state = workshop.run(
        SHOW,
        arguments=arguments,
        environment={"environmentVariables": {"A": "image", "B": "image"}},
        variables={"B": "run", "C": "run"},
        context={"C": "context", "AZUREML_RUN_ID": "run-x"},
    )
    assert state.status is Status.COMPLETED, state
    seen = json.loads(workshop.log(state.run_id))
    texts = ["--epochs", "10", "0.001", "True", "None", "", "two words", 'it\'s "quoted"', "ü\nnew line", "$HOME"]
    assert seen["arguments"] == texts
    assert seen["files"] == ["logs", "outputs", "train.py"]
    assert seen["folder"].endswith("/azureml/cr/j/" + state.run_id + "/exe/wd")
    assert seen["input"] == ""
    assert not seen["terminal"]
    got = seen["variables"]
    assert (got["A"], got["B"], got["C"], got["AZUREML_RUN_ID"]) == ("image", "run", "context", "run-x")
    assert "PYTEST_CURRENT_TEST" not in got, "nothing of this process's environment"


def test_a_script_that_fails_is_failed_with_its_last_lines(workshop: "Workshop") -> None:
    state = workshop.run("print('before')\ndef broken():\n    raise ValueError('no such thing')\nbroken()")
    assert state.status is Status.FAILED
    assert state.exit_code == 1
    assert state.error is not None
    assert (state.error.code, state.error.kind, state.error.exit_code) == ("UserError", "ScriptFailed", 1)
    assert "ValueError: no such thing" in state.error.message
    assert state.error.log == "user_logs/std_log.txt"
    log = workshop.log(state.run_id)
    assert log.startswith("before\nTraceback (most recent call last):\n")
    assert "job_wrapper" not in log, "the traceback is the script's alone"


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("import sys; sys.exit(3)", 3),
        ("import sys; sys.exit('a text')", 1),
        ("import os; os._exit(7)", 7),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137),
        ("this is no Python", 1),
    ],
)
def test_exit_codes_are_kept(workshop: "Workshop", script: str, code: int) -> None:
    state = workshop.run(script)
    assert (state.status, state.exit_code) == (Status.FAILED, code)


def test_a_script_that_is_not_there(workshop: "Workshop") -> None:
    state = workshop.run(script_name="other.py")
    assert (state.status, state.exit_code) == (Status.FAILED, 2)
    assert state.error is not None
    assert "can't open file" in state.error.message


def test_a_command_line_in_place_of_a_script(workshop: "Workshop") -> None:
    data = workshop.source({"a.txt": "content"})
    state = workshop.run(
        script_name="",
        command="echo one && cat DatasetConsumptionConfig:data/a.txt && python -c 'print(3)'",
        inputs=[{"name": "data", "source": data}],
    )
    assert state.status is Status.COMPLETED, state
    assert workshop.log(state.run_id) == "one\ncontent3\n"


def test_the_old_names_of_logs(workshop: "Workshop") -> None:
    state = workshop.run(layout=LogLayout.OLD)
    logs = workshop.ears.logs[state.run_id]
    assert logs["azureml-logs/70_driver_log.txt"] == b"hello\n"
    prefixes = {name.partition("_")[0] for name in logs}
    assert prefixes == {"azureml-logs/55", "azureml-logs/70"}, "the SDK shows the last one"
    assert not [name for name in logs if name.startswith(("user_logs", "system_logs"))]


def test_a_second_submit_of_the_same_run_changes_nothing(workshop: "Workshop") -> None:
    order = workshop.order("open('outputs/x', 'w').write('1')")
    workshop.engine.submit(order)
    workshop.engine.submit(order)
    workshop.wait(order.run_id)
    workshop.engine.submit(order)
    assert [state.status for state in workshop.ears.states[order.run_id]].count(Status.RUNNING) == 1


def test_a_run_that_takes_too_long_is_canceled_by_the_system(workshop: "Workshop") -> None:
    state = workshop.run("import time; print('going'); time.sleep(600)", timeout=0.5)
    assert state.status is Status.CANCELED
    assert state.error is not None
    assert state.error.kind == "Timeout"
    assert "0.5 seconds" in state.error.message


def test_an_unknown_run(workshop: "Workshop") -> None:
    assert workshop.engine.state("nothing") is None
    assert workshop.engine.cancel("nothing") is False


def test_tokens_are_gone_when_the_run_is_over(workshop: "Workshop") -> None:
    order = workshop.order(context={"AZUREML_RUN_TOKEN": "very-secret"})
    assert "very-secret" not in repr(order)
    workshop.engine.submit(order)
    workshop.wait(order.run_id)
    workshop.engine.close()
    kept = [path for path in workshop.home.rglob("*") if path.is_file() and b"very-secret" in path.read_bytes()]
    assert kept == []


def test_metrics_that_are_queued_at_the_end_are_flushed(workshop: "Workshop") -> None:
    """The wrapper asks the SDK, if the script has imported it, to send what it holds back."""
    sdk = """
class Run:
    kept = []
    @classmethod
    def get_context(cls):
        return cls()
    def log(self, name, value):
        self.kept.append((name, value))
    def flush(self):
        print("sent", self.kept)
"""
    script = "from azureml.core.run import Run\nRun.get_context().log('loss', 1)\nraise SystemExit(4)"
    files = {"train.py": script, "azureml/__init__.py": "", "azureml/core/__init__.py": "", "azureml/core/run.py": sdk}
    state = workshop.run(snapshot=workshop.source(files), context={"AZUREML_RUN_ID": "run-x"})
    assert state.exit_code == 4
    assert workshop.log(state.run_id) == "sent [('loss', 1)]\n"


def test_temporary_files_have_short_names_and_are_gone_afterwards(workshop: "Workshop") -> None:
    script = """
        import socket, tempfile
        folder = tempfile.mkdtemp()
        print(folder)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(folder + "/listener-of-some-length")
    """
    for obstacle in ("", "no namespaces"):
        workshop.engine.close()
        workshop.new_engine(obstacle).start()
        state = workshop.run(script)
        assert state.status is Status.COMPLETED, state
        folder = Path(workshop.log(state.run_id).strip())
        workshop.until(lambda: not workshop.engine.busy)
        assert folder.parent.name.startswith("azureml-")
        assert not folder.parent.exists()


def test_a_chatty_script_is_told_in_few_pieces(workshop: "Workshop") -> None:
    script = """
        import time
        for number in range(400):
            print(number)
            time.sleep(0.005)
    """
    state = workshop.run(script)
    assert workshop.log(state.run_id).split() == [str(number) for number in range(400)]
    assert workshop.ears.pieces < 60
