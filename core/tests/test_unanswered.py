"""A backend that can't be asked: the runs of the others are shown all the same, its own as they were last known."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from trainferry import Ferry, Job, RunState
from trainferry.cli.main import main
from trainferry.config import load_config
from trainferry.errors import PluginError
from trainferry.ferry import intent
from trainferry.recovery import RunsWarning, Unanswered

FAR = '''
"""The test backend, on a machine that refuses the connection."""
import socket
from shelf_backend import Shelf, hookimpl


class Far(Shelf):
    @hookimpl
    def plan(self, job, run_id):
        return super().plan(job, run_id).model_copy(update={"backend": "far"})

    @hookimpl
    def poll(self, refs):
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))  # and doesn't listen
            socket.create_connection(nobody.getsockname())
'''


@pytest.fixture
def runs(shelf: Path, install: Callable[..., Path]) -> dict[str, str]:
    """A run on each of two backends, by the backend's name; one of them can't be reached any more."""
    install("trainferry-far", "1.0", code=FAR, far="far_backend:Far")
    job = Job(name="try", script="train.py", timeout=3600)
    made = {}
    for name in ("far", "shelf"):
        with Ferry(load_config(backend=name)) as ferry:
            made[name] = ferry.run(job).id
    return made


def test_the_runs_of_the_other_backends_are_shown(runs: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == 0
    shown = capsys.readouterr()
    states = dict(line.split()[:2] for line in shown.out.splitlines()[1:])
    assert states == {runs["shelf"]: "completed", runs["far"]: "queued"}
    (said,) = shown.err.splitlines()
    assert said.startswith("warning: the backend 'far' can't be asked, and its run is shown as last known: Connection")
    assert "refused" in said


def test_the_document_tells_it_too(runs: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {run["id"]: run["state"] for run in document["runs"]} == {runs["shelf"]: "completed", runs["far"]: "queued"}
    (missed,) = document["unanswered"]
    assert (missed["backend"], missed["runs"]) == ("far", [runs["far"]])
    assert missed["message"].startswith("ConnectionRefusedError")


def test_asking_nobody_misses_nobody(runs: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--offline", "--json"]) == 0
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert {run["id"] for run in document["runs"]} == set(runs.values())
    assert (document["unanswered"], shown.err) == ([], "")


def test_python_is_warned_or_told(runs: dict[str, str]) -> None:
    """A backend that was uninstalled is one that can't be asked, too."""
    with Ferry() as ferry:
        lost = intent(ferry.plan(Job(name="old", script="train.py", timeout=3600)))
        ferry.store.add(lost.model_copy(update={"backend": "gone", "ref": "x", "state": RunState.RUNNING}))
        missed: list[Unanswered] = []
        states = {run.id: str(run.state) for run in ferry.runs(unanswered=missed.append)}
        assert states == {runs["shelf"]: "completed", runs["far"]: "queued", lost.id: "running"}
        assert [(one.backend, one.runs) for one in missed] == [("gone", (lost.id,)), ("far", (runs["far"],))]
        with pytest.warns(RunsWarning, match="the backend 'gone' can't be asked") as caught:
            ferry.runs(backend="gone")
        assert Path(caught[0].filename) == Path(__file__)


def test_a_single_run_that_cannot_be_asked_after_is_an_error(runs: dict[str, str]) -> None:
    with Ferry() as ferry:
        with pytest.raises(ConnectionRefusedError):
            ferry.get(runs["far"]).refresh()
        lost = intent(ferry.plan(Job(name="old", script="train.py", timeout=3600)))
        ferry.store.add(lost.model_copy(update={"backend": "gone", "ref": "x"}))
        with pytest.raises(PluginError, match="gone"):
            ferry.get(lost.id).wait(30)
