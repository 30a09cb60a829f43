"""Logging in: each way by its wire, what is said where it fails, and that no secret shows anywhere."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from azure_lab import FERRY, Lab
from trainferry.errors import BackendError, ConfigError
from trainferry_azureml.auth.choice import choose
from trainferry_azureml.session import Session


def without_principal(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Take the service principal out of the variables; returns what it was."""
    names = ("TENANT_ID", "ID", "PASSWORD")
    values = {name: os.environ[f"AZUREML_SERVICE_PRINCIPAL_{name}"] for name in names}
    for name in names:
        monkeypatch.delenv(f"AZUREML_SERVICE_PRINCIPAL_{name}")
    return values


def test_a_service_principal_of_either_set_of_variables(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lab.session().tokens.choice.kind == "service-principal"
    values = without_principal(monkeypatch)
    monkeypatch.setenv("AZURE_TENANT_ID", values["TENANT_ID"])
    monkeypatch.setenv("AZURE_CLIENT_ID", values["ID"])
    monkeypatch.setenv("AZURE_CLIENT_SECRET", values["PASSWORD"])
    assert lab.session().find() is not None


def test_a_wrong_secret_is_said_and_not_shown(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZUREML_SERVICE_PRINCIPAL_PASSWORD", "hunter2-wrong-secret")
    with pytest.raises(BackendError, match="can't log in to Azure") as caught:
        lab.session().find()
    assert "hunter2" not in str(caught.value)
    assert "AZURE_CLIENT_SECRET" in caught.value.remedy
    lab.configure_cli(monkeypatch)
    for command in (["doctor", "azureml"], ["doctor", "azureml", "--json"]):
        done = subprocess.run([FERRY, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "hunter2" not in done.stdout + done.stderr


def test_what_a_service_principal_lacks_is_named(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    without_principal(monkeypatch)
    with pytest.raises(ConfigError, match="lacks: AZURE_TENANT_ID, AZURE_CLIENT_SECRET"):
        lab.session(auth="service-principal", client_id="x").tokens.token()


def test_the_login_of_the_azure_cli(lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A program `az` that answers `account get-access-token` as the Azure CLI does."""
    token = lab.session().tokens.token()
    without_principal(monkeypatch)
    program = tmp_path / "bin" / "az"
    program.parent.mkdir()
    answer = json.dumps({"accessToken": token, "expiresOn": "2099-01-01 00:00:00.000000", "expires_on": 4070908800})
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    session = lab.session()
    assert session.find() is not None
    assert session.tokens.choice.kind == "cli"
    program.write_text("#!/bin/sh\necho \"ERROR: Please run 'az login' to setup account.\" >&2\nexit 1\n")
    with pytest.raises(BackendError, match=r"can't log in to Azure \(cli\)") as caught:
        lab.session().tokens.token()
    assert "az login" in caught.value.remedy


@pytest.fixture
def identity(lab: Lab) -> Iterator[str]:
    """The endpoint at which a machine in Azure gets the token of its managed identity."""
    token = lab.session().tokens.token()

    class Endpoint(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer as App Service does."""
            right = self.headers.get("X-IDENTITY-HEADER") == "the-header"
            body = json.dumps(
                {"access_token": token, "expires_on": "4070908800", "resource": "r", "token_type": "Bearer"}
            )
            self.send_response(200 if right else 401)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/msi/token"
        server.shutdown()
        thread.join()


def test_a_managed_identity(lab: Lab, identity: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without_principal(monkeypatch)
    monkeypatch.setenv("IDENTITY_ENDPOINT", identity)
    monkeypatch.setenv("IDENTITY_HEADER", "the-header")
    session = lab.session()
    assert session.find() is not None
    assert session.tokens.choice.kind == "managed-identity"


def test_nobody_is_asked_without_a_terminal(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    without_principal(monkeypatch)
    for kind in ("device-code", "browser"):
        session = lab.session(auth=kind)
        with pytest.raises(ConfigError, match="needs a person at a terminal"):
            choose(session.settings, session.cloud, session.site)


def test_a_code_typed_into_a_browser_logs_in_once(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_principal(monkeypatch)
    terminal = replace(lab.site, interactive=True)
    settings = lab.session(auth="device-code", tenant="adfs").settings
    session = Session(settings, terminal)
    assert session.find() is not None
    assert "to log in to Azure, open https://" in capsys.readouterr().err
    session.tokens.token()
    assert capsys.readouterr().err == ""
    (record,) = lab.site.backend_home("azureml").glob("login-*.json")
    assert "token" not in record.read_text().lower()


def test_a_code_that_was_typed_once_holds_for_the_next_command(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    without_principal(monkeypatch)
    lab.settings |= {"auth": "device-code", "tenant": "adfs"}
    lab.configure_cli(monkeypatch)
    before = lab.azure.admin.count()
    code, first = at_a_terminal("doctor", "azureml")
    assert code == 0, first
    assert "to log in to Azure, open https://" in first
    code, second = at_a_terminal("doctor", "azureml")
    assert code == 0, second
    assert "logged in with 'device-code'" in second
    assert "to log in to Azure" not in second
    asked = [one["path"] for one in lab.azure.admin.requests(before)]
    assert asked.count("/adfs/oauth2/devicecode") == 1


def test_a_browser_is_opened_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    without_principal(monkeypatch)
    browser = Path(__file__).parents[1] / "support" / "browser.py"
    monkeypatch.setenv("BROWSER", f"{sys.executable} {browser} %s &")
    lab.settings |= {"auth": "browser", "tenant": "adfs"}
    lab.configure_cli(monkeypatch)
    before = lab.azure.admin.count()
    for _ in range(2):
        code, told = at_a_terminal("doctor", "azureml")
        assert code == 0, told
        assert "logged in with 'browser'" in told
    asked = [one["path"] for one in lab.azure.admin.requests(before)]
    assert asked.count("/adfs/oauth2/authorize/") == 1


def test_a_machine_without_a_browser_is_told_of_the_code(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    without_principal(monkeypatch)
    monkeypatch.setenv("BROWSER", "/nowhere/browser %s")
    monkeypatch.setenv("PATH", str(FERRY.parent))
    lab.settings |= {"auth": "browser", "tenant": "adfs"}
    lab.configure_cli(monkeypatch)
    code, told = at_a_terminal("doctor", "azureml")
    assert code == 1
    assert "can't log in to Azure (browser)" in told
    assert "device-code" in told


def at_a_terminal(*arguments: str) -> tuple[int, str]:
    """Run `ferry` at a terminal of its own; returns its exit code and what it showed, in one line."""
    ours, its = os.openpty()
    with subprocess.Popen([FERRY, *arguments], stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        shown = b""
        with suppress(OSError):  # that is how the end of a terminal reads under Linux
            while piece := os.read(ours, 65536):
                shown += piece
        os.close(ours)
        return process.wait(60), " ".join(shown.decode().split())


def test_a_token_that_a_service_no_longer_takes_is_renewed(lab: Lab) -> None:
    session = lab.session()
    session.find()
    lab.azure.admin.add_fault("expired_token", service="compute", count=1)
    assert lab.backend.quota(lab.job().compute) is not None


def test_doctor_tries_the_way_and_says_how_far_it_goes(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.configure_cli(monkeypatch)
    told = lab.ferry("doctor", "azureml").stderr
    assert "logged in with 'service-principal'" in told
    assert f"the workspace {lab.azure.workspace} in eastus is open" in told
    lab.settings["workspace"] = "not-yet-there"
    lab.configure_cli(monkeypatch)
    assert "there is no workspace 'not-yet-there'" in lab.ferry("doctor", "azureml").stderr


def test_the_config_file_of_the_sdk_names_the_workspace(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.azure.write_config(lab.project)
    lab.settings.clear()
    lab.configure_cli(monkeypatch)
    assert f"the workspace {lab.azure.workspace}" in lab.ferry("doctor", "azureml").stderr
    (lab.project / ".azureml" / "config.json").write_text("{}")
    done = lab.ferry("doctor", "azureml", code=1)
    assert "this is no workspace config of azureml-core" in done.stderr


@pytest.mark.slow
def test_no_secret_is_kept_or_told(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.configure_cli(monkeypatch)
    lab.write("a", "data/one.txt")
    lab.write(
        "name: try\nscript: train.py\nenvironment: {name: plain, python: '3.11'}\ndatasets: {secret: {path: data}}\n"
        "compute: {name: cpu-cluster, size: Standard_DS3_v2, max_nodes: 2}\n",
        "job.yaml",
    )
    done = lab.ferry("run", "job.yaml", "--json")
    secrets = [os.environ["AZUREML_SERVICE_PRINCIPAL_PASSWORD"], "sig=", "eyJ"]
    kept = b"".join(
        file.read_bytes() for folder in (lab.site.home, lab.site.cache) for file in folder.rglob("*") if file.is_file()
    )
    for secret in secrets:
        assert secret not in done.stdout + done.stderr
        assert secret.encode() not in kept
