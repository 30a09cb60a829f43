"""The notifier with real programs and a real web server: what is told, once, and what a failure of it costs."""

import json
import logging
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from trainferry import Job, RunState
from trainferry.backend import Backend
from trainferry.errors import ConfigError
from trainferry.site import Site
from trainferry.specs import RunRecord
from trainferry_notifier.extension import Notifier

SITE = Site(home=Path("home"), cache=Path("cache"))
LISTEN = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read() + '|' + ' '.join(sys.argv[2:]))"


class Silent:
    """A backend that can do nothing."""

    interface_version = 1


def tell(new: RunState = RunState.FAILED, reason: str = "", **settings: Any) -> None:
    """Have a run change its state, from running to `new`, with the notifier listening."""
    backend = Backend("mill", Silent(), extensions={"notifier": Notifier()})
    backend.configure_extensions({"notifier": settings}, SITE)
    job = Job(name="grind", script="a.py", tags={"team": "bread", "api_key": "k-123"})
    run = RunRecord(id="grind-1", backend="mill", experiment="flour", job=job, folder=".", created=0, state=new,
                    exit_code=3, reason=reason, started=10, ended=14)  # fmt: skip
    backend.run_changed(run, RunState.RUNNING, new)


class Channel:
    """A web server on this machine that notes what it gets and answers with `status`."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}/channel/s3cret"
        self.status = 204
        self.location = ""
        self.got: list[dict[str, Any]] = []


@pytest.fixture
def channel() -> Iterator[Channel]:
    """A web server that runs while the test does."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            served.got.append({"path": self.path, "type": self.headers["Content-Type"], **json.loads(body)})
            self.send_response(served.status)
            if served.location:
                self.send_header("Location", served.location)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served = Channel(server)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield served
        server.shutdown()
        thread.join()


def test_a_program_gets_the_message_on_its_input_and_facts_among_its_arguments(tmp_path: Path) -> None:
    note = tmp_path / "note"
    tell(command=[sys.executable, "-c", LISTEN, str(note), "{id}", "{state} $HOME; `id`", "{other}"])
    text, _, arguments = note.read_text().partition("|")
    message = json.loads(text)
    assert arguments == "grind-1 failed $HOME; `id` {other}"
    assert (message["name"], message["state"], message["was"], message["exit_code"]) == (
        "grind",
        "failed",
        "running",
        3,
    )
    assert (message["seconds"], message["experiment"], message["backend"]) == (4.0, "flour", "mill")


def test_secrets_are_masked(tmp_path: Path) -> None:
    note = tmp_path / "note"
    tell(command=[sys.executable, "-c", LISTEN, str(note)], reason="no access with Bearer abcdefghijkl")
    message = json.loads(note.read_text().partition("|")[0])
    assert message["tags"] == {"team": "bread", "api_key": "***"}
    assert message["reason"] == "no access with Bearer ***"


def test_an_address_gets_a_json_document(channel: Channel) -> None:
    tell(url=channel.url)
    (got,) = channel.got
    assert (got["path"], got["type"], got["id"]) == ("/channel/s3cret", "application/json", "grind-1")


def test_a_secret_address_may_come_from_a_variable(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAM_CHANNEL", channel.url)
    tell(url_variable="TEAM_CHANNEL")
    assert len(channel.got) == 1


def test_only_the_wanted_states_are_told(channel: Channel) -> None:
    tell(RunState.COMPLETED, url=channel.url, states=["failed"])
    assert channel.got == []
    tell(RunState.FAILED, url=channel.url, states=["failed"])
    assert [got["state"] for got in channel.got] == ["failed"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"command": ["/no/such/program"]}, "No such file"),
        (
            {"command": [sys.executable, "-c", "raise SystemExit('no paper, Bearer abcdefghijkl')"]},
            "no paper, Bearer ***",
        ),
        ({"command": [sys.executable, "-c", "import time; time.sleep(60)"], "timeout_seconds": 0.2}, "timed out"),
        ({"url": "http://127.0.0.1:9/secret"}, "127.0.0.1: "),
        ({"url_variable": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE"),
    ],
)
def test_a_failure_is_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture, settings: dict[str, Any], words: str
) -> None:
    tell(**settings)
    (entry,) = caplog.records
    assert entry.levelno == logging.WARNING
    assert entry.getMessage().startswith("the notifier could not tell of grind-1: ")
    assert words in entry.getMessage()
    assert "/secret" not in entry.getMessage()


def test_a_program_that_fails_does_not_keep_it_from_the_address(
    channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    tell(command=["/no/such/program"], url=channel.url)
    assert len(channel.got) == len(caplog.records) == 1


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_no_success_is_a_failure_and_leads_nowhere_else(
    channel: Channel, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    channel.status, channel.location = status, channel.url + "/elsewhere"
    tell(url=channel.url)
    assert len(channel.got) == 1
    assert len(caplog.records) == 1
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "nobody to tell"),
        ({"url": "http://example.org/x"}, "https://"),
        ({"url": "file:///etc/passwd"}, "https://"),
        ({"command": ["x"], "states": ["done"]}, "no state of a run: done"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        tell(**settings)
