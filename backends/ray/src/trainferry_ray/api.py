"""Ray's job service over HTTP: the documented REST interface of the dashboard, so that no client needs Ray itself.

See docs/decisions/0050-ray-over-http.md for why this and not Ray's own client.
"""

import json
import socket
import ssl
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlsplit

from trainferry.errors import BackendError

_TIMEOUT = 60.0
"""Seconds that an answer may take; Ray answers at once, except while its head node is overloaded."""
_TRIES = 3
_PAUSE = 0.5
OLDEST = (2, 9)
"""Oldest version of Ray whose job service has all that is used here (`driver_exit_code`)."""
_SERVICE_VERSION = "4"


class Refused(BackendError):
    """The service answered, but said no; `status` is the HTTP status."""

    def __init__(self, message: str, status: int, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.status = status


class RayApi:
    """The job service of one cluster. BackendError from any method if the cluster can't be reached."""

    def __init__(self, address: str, token: str = "") -> None:
        self.address = address.rstrip("/")
        self._token = token
        self._versions: dict[str, str] | None = None

    def _request(self, method: str, path: str, body: Any = None) -> bytes:
        """Ask once more if the connection failed and asking twice does no harm; a submit is one, by its id."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        for number in range(1, _TRIES + 1):
            try:
                status, answer = self._once(method, path, data, json_body=not isinstance(body, bytes))
            except (OSError, HTTPException) as error:
                if isinstance(error, (ConnectionRefusedError, socket.gaierror, ssl.SSLError)) or number == _TRIES:
                    raise self._unreachable(error) from error
                time.sleep(_PAUSE * number)
                continue
            if status == 503 and number < _TRIES:  # noqa: PLR2004  (its head is starting)
                time.sleep(_PAUSE * number)
                continue
            if status >= 400:  # noqa: PLR2004
                raise self._refused(status, answer)
            return answer
        raise AssertionError("unreachable")

    def _once(self, method: str, path: str, data: bytes | None, *, json_body: bool) -> tuple[int, bytes]:
        parts = urlsplit(self.address)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        headers = {"Accept": "application/json"}
        if data is not None:
            headers["Content-Type"] = "application/json" if json_body else "application/octet-stream"
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT)
        try:
            connection.request(method, parts.path.rstrip("/") + path, body=data, headers=headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _unreachable(self, error: Exception) -> BackendError:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return BackendError(
            f"no Ray cluster answers at {self.address}: {reason}",
            remedy="is it running, and is the port forwarded? Else correct backends.ray.address, or leave it out for a"
            " cluster on this machine",
        )

    def _refused(self, status: int, answer: bytes) -> BackendError:
        if status in {401, 403}:
            return Refused(
                f"the Ray cluster at {self.address} asks for a token that fits",
                status,
                remedy="set RAY_AUTH_TOKEN, or backends.ray.token_file",
            )
        lines = [line.strip() for line in answer.decode(errors="replace").splitlines() if line.strip(" .")]
        words = lines[-1][:500] if lines else "it gave no reason"  # a trace of Ray's ends with what went wrong
        return Refused(f"the Ray cluster at {self.address} says no ({status}): {words}", status)

    def _json(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._request(method, path, body)
        try:
            return json.loads(answer)
        except ValueError as error:
            raise BackendError(
                f"what answers at {self.address} is no Ray dashboard",
                remedy="correct backends.ray.address; Ray's dashboard listens on port 8265 unless told otherwise",
            ) from error

    def versions(self) -> dict[str, str]:
        """`ray_version` and `version`, that of the job service; BackendError if they are not such as are known here."""
        if self._versions is not None:
            return self._versions
        try:
            found = self._json("GET", "/api/version")
        except Refused as error:
            if error.status != 404:  # noqa: PLR2004
                raise
            found = {}
        if not isinstance(found, dict) or "ray_version" not in found:
            raise BackendError(
                f"what answers at {self.address} is no Ray dashboard with a job service",
                remedy="correct backends.ray.address; Ray's dashboard listens on port 8265 unless told otherwise",
            )
        _check_versions(self.address, found)
        self._versions = found
        return found

    def jobs(self) -> dict[str, dict[str, Any]]:
        """Every job that was submitted, by its submission id."""
        return {job["submission_id"]: job for job in self._json("GET", "/api/jobs/") if job.get("submission_id")}

    def job(self, submission: str) -> dict[str, Any] | None:
        """One job; None if the cluster doesn't know it."""
        try:
            found: dict[str, Any] = self._json("GET", f"/api/jobs/{quote(submission, safe='')}")
        except Refused as error:
            if error.status == 404:  # noqa: PLR2004
                return None
            raise
        return found

    def submit(self, job: Mapping[str, Any]) -> None:
        """Submit a job under its own `submission_id`; one of that id that is there already is left as it is."""
        try:
            self._json("POST", "/api/jobs/", dict(job))
        except Refused:
            if self.job(job["submission_id"]) is None:
                raise

    def stop(self, submission: str) -> None:
        """Ask a job to end; returns at once."""
        self._request("POST", f"/api/jobs/{quote(submission, safe='')}/stop")

    def delete(self, submission: str) -> None:
        """Make the cluster forget a job that has ended."""
        self._request("DELETE", f"/api/jobs/{quote(submission, safe='')}")

    def log(self, submission: str) -> str | None:
        """All that a job has printed; None if the cluster doesn't know it."""
        try:
            return str(self._json("GET", f"/api/jobs/{quote(submission, safe='')}/logs")["logs"])
        except Refused as error:
            if error.status == 404:  # noqa: PLR2004
                return None
            raise

    def put_package(self, name: str, data: bytes) -> str:
        """Store a zip archive in the cluster unless one of that name is there; returns its URI for a runtime_env."""
        path = f"/api/packages/gcs/{quote(name, safe='')}"
        try:
            self._request("GET", path)  # keeps it for some minutes, too, if it is there
        except Refused as error:
            if error.status != 404:  # noqa: PLR2004
                raise
            self._request("PUT", path, data)
        return f"gcs://{name}"

    def nodes(self) -> list[dict[str, Any]]:
        """The living nodes, each with `node_ip`, `is_head_node` and `resources_total`; empty if Ray doesn't say."""
        try:
            answer = self._json("GET", "/api/v0/nodes?detail=true&limit=10000")
            found = answer["data"]["result"]["result"]
        except (Refused, KeyError, TypeError):
            return []
        return [node for node in found if node.get("state") == "ALIVE"]


def _check_versions(address: str, found: Mapping[str, str]) -> None:
    number = tuple(int(part) for part in found["ray_version"].split(".")[:2] if part.isdigit())
    if number < OLDEST:
        raise BackendError(
            f"the cluster at {address} runs Ray {found['ray_version']}; this backend needs {OLDEST[0]}.{OLDEST[1]} or"
            " newer",
            remedy="update Ray on the cluster",
        )
    if found.get("version") != _SERVICE_VERSION:
        raise BackendError(
            f"the job service at {address} (Ray {found['ray_version']}) has version {found.get('version')}, and this"
            f" backend speaks version {_SERVICE_VERSION}",
            remedy="install the release of trainferry-ray that goes with it: pip install --upgrade trainferry-ray",
        )
