"""What a client says when the job service is not there, not a job service, too old, or asks for a token."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ray_cluster import RayCluster
from ray_lab import Lab
from trainferry.backend import Backend
from trainferry.errors import BackendError, ConfigError, RunNotFound
from trainferry_ray.node.distribution import free_ports
from trainferry_ray.plugin import RayBackend
from trainferry_ray.resources import parse_size


@contextmanager
def server(answer: Callable[[str], tuple[int, bytes]]) -> Iterator[str]:
    """The address of an HTTP server that gives these answers, by path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}"
        finally:
            running.shutdown()
            thread.join()


def version(ray: str, service: str = "4") -> Callable[[str], tuple[int, bytes]]:
    return lambda _: (200, json.dumps({"version": service, "ray_version": ray}).encode())


def refusal(tmp_path: Path, address: str) -> BackendError:
    """The error of a plan for a cluster at that address."""
    lab = Lab(tmp_path / address.rpartition(":")[2], {"address": address})
    with pytest.raises(BackendError) as caught:
        lab.backend.plan(lab.job("print(1)"), "try-1")
    findings = list(lab.backend.diagnose())
    assert [finding.id for finding in findings] == ["ray-unreachable"]
    assert findings[0].message == caught.value.message
    return caught.value


def test_a_dead_cluster_is_named_with_what_to_do(tmp_path: Path) -> None:
    (port,) = free_ports("127.0.0.1", 1)
    error = refusal(tmp_path, f"http://127.0.0.1:{port}")
    assert "no Ray cluster answers" in error.message
    assert "Connection refused" in error.message
    assert "backends.ray.address" in error.remedy


def test_a_name_that_nobody_knows_is_such_a_cluster_too(tmp_path: Path) -> None:
    assert (
        "no Ray cluster answers at http://nowhere.invalid:8265"
        in refusal(tmp_path, "http://nowhere.invalid:8265").message
    )


@pytest.mark.parametrize(
    "answer",
    [lambda _: (404, b"what?"), lambda _: (200, b"<html>"), lambda _: (200, b"[]")],
    ids=["not found", "a page", "another service"],
)
def test_something_else_at_the_address_is_told_apart(
    tmp_path: Path, answer: Callable[[str], tuple[int, bytes]]
) -> None:
    with server(answer) as address:
        assert "no Ray dashboard" in refusal(tmp_path, address).message


def test_a_cluster_that_is_too_old_is_told_so(tmp_path: Path) -> None:
    with server(version("2.3.1")) as address:
        error = refusal(tmp_path, address)
    assert "runs Ray 2.3.1" in error.message
    assert "2.9 or newer" in error.message
    assert "update Ray" in error.remedy


def test_another_version_of_the_job_service_is_told_so(tmp_path: Path) -> None:
    with server(version("3.1.0", "5")) as address:
        error = refusal(tmp_path, address)
    assert "version 5" in error.message
    assert "pip install --upgrade trainferry-ray" in error.remedy


def test_a_wrong_token_is_told_so(tmp_path: Path, cluster: RayCluster) -> None:
    token = tmp_path / "token"
    token.write_text("x" * 64)
    lab = Lab(tmp_path / "lab", cluster.settings(tmp_path / "storage", token_file=str(token)))
    with pytest.raises(BackendError, match="token") as caught:
        lab.backend.plan(lab.job("print(1)"), "try-1")
    assert "RAY_AUTH_TOKEN" in caught.value.remedy
    token.unlink()
    with pytest.raises(BackendError, match="can't read the token file"):
        lab.client().plan(lab.job("print(1)"), "try-1")


def test_a_run_on_a_cluster_that_is_gone_is_an_error_not_a_lost_run(tmp_path: Path, cluster: RayCluster) -> None:
    (port,) = free_ports("127.0.0.1", 1)
    lab = Lab(tmp_path, cluster.settings(tmp_path / "storage"))
    with pytest.raises(BackendError, match="no Ray cluster answers"):
        lab.backend.poll([f"try-1@http://127.0.0.1:{port}"])
    assert lab.backend.poll([f"try-1@{cluster.address}", "nonsense", "a/b@own", "@own"]) == {}
    with pytest.raises(RunNotFound):
        lab.backend.read_log(f"try-1@{cluster.address}", None)


@pytest.mark.parametrize("bad", [{"address": "127.0.0.1:8265"}, {"cpus": -1}, {"adress": "x"}, {"retries": 1.5}])
def test_settings_are_checked(tmp_path: Path, bad: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(bad))):
        Lab(tmp_path, bad)


def test_sizes_in_rays_spelling_are_read_and_others_left_alone() -> None:
    assert parse_size("cpus=4, gpus=1,memory_gb=2.5") == {"cpus": 4, "gpus": 1, "memory_gb": 2.5}
    assert parse_size("CPU=2,TPU-v4=8") == {"cpus": 2, "TPU-v4": 8}
    assert parse_size("Standard_NC4as_T4_v3") is None
    assert parse_size(None) is None


def test_importing_the_plugin_is_light() -> None:
    code = "import sys, trainferry_ray.plugin, trainferry_ray.api, trainferry_ray.target; print('ray' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    assert Backend("ray", RayBackend()).capabilities >= {"cancel", "fetch", "find_runs", "tear_down", "portal_url"}
