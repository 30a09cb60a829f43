"""What every request passes on its way in: its path is put in order, faults strike, its token is checked."""

import asyncio
import hmac
import re
import time
from collections import deque
from dataclasses import dataclass

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from azureml_emulator.aad.tokens import TokenError, check
from azureml_emulator.faults.rules import Rule
from azureml_emulator.server.cloud import Cloud
from azureml_emulator.server.errors import error_body
from azureml_emulator.server.protocol import TRANSPORT

FLUSH = 0.02
"""Seconds that written bytes get to leave before a connection is broken off."""
REMEMBERED = 20_000
"""Requests that are kept for whoever wants to know what a client asked."""
OPEN = re.compile(r"^/(metadata/|adfs/|discovery|emulator/|runs/[^/]*$|$)")
"""Paths that need no token: the login itself, what is public, the admin endpoint with its own secret."""
_SPELLINGS = (
    (re.compile(r"/+"), "/"),
    (re.compile(r"/resourcegroups/", re.IGNORECASE), "/resourceGroups/"),
    (re.compile(r"/providers/microsoft\.machinelearningservices", re.IGNORECASE),
     "/providers/Microsoft.MachineLearningServices"),
)  # fmt: skip
_API = {
    "datastore": "datastore", "dataset": "dataset", "data": "dataset", "history": "history", "content": "content",
    "execution": "execution", "artifact": "artifact", "metric": "metric", "environment": "environment",
    "metadata": "aad", "adfs": "aad", "discovery": "workspace", "emulator": "emulator", "runs": "portal", "": "portal",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that was answered, or not."""

    service: str
    method: str
    path: str
    status: int
    """0 if the connection was closed without an answer."""
    milliseconds: float


def service_of(path: str) -> str:
    """The service that a path belongs to, as rules name it."""
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    if first in _API:
        return _API[first]
    if "/computes" in path or "/locations/" in path:
        return "compute"
    return "workspace" if "/workspaces" in path else "arm"


class Gate:
    """The one middleware, in plain ASGI: it must see a request before anything else and an answer after everything."""

    def __init__(self, app: ASGIApp, cloud: Cloud) -> None:
        self.app = app
        self.cloud = cloud
        self.seen: deque[Seen] = deque(maxlen=REMEMBERED)
        self.total = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless a fault or a missing token is in the way."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = ordered(scope["path"])
        scope = {**scope, "path": path, "raw_path": path.encode()}
        service, method = service_of(path), scope["method"]
        start, status = time.perf_counter(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._answer(service, scope, receive, watched)
        finally:
            if service != "emulator":
                took = round((time.perf_counter() - start) * 1000, 1)
                self.seen.append(Seen(service, method, path, status, took))
                self.total += 1

    async def _answer(self, service: str, scope: Scope, receive: Receive, send: Send) -> None:
        if service != "emulator":
            for rule in self.cloud.faults.for_request(service, scope["method"], scope["path"]):
                changed = await strike(rule, scope, receive, send)
                if changed is None:
                    return
                send = changed
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers = {name: value for name, value in scope["headers"] if name in (b"authorization", b"x-emulator-secret")}
        if scope["path"].startswith("/emulator/") and scope["path"] != "/emulator/health":
            right = hmac.compare_digest(headers.get(b"x-emulator-secret", b""), self.cloud.settings.secret.encode())
            return None if right else JSONResponse(error_body("Forbidden", "x-emulator-secret is wrong"), 403)
        if OPEN.match(scope["path"]):
            return None
        try:
            check(headers.get(b"authorization", b"").decode("latin-1"), self.cloud)
        except TokenError as error:
            challenge = {"www-authenticate": f'Bearer error="invalid_token", error_description="{error}"'}
            return JSONResponse(error_body(error.code, str(error)), 401, challenge)
        return None


def ordered(path: str) -> str:
    """The path as routes spell it: the SDK doubles slashes, and ARM doesn't care for case."""
    for pattern, right in _SPELLINGS:
        path = pattern.sub(right, path)
    return path


async def strike(rule: Rule, scope: Scope, receive: Receive, send: Send) -> Send | None:
    """Do what a rule says to a request; the `send` with which it goes on, or None if it is over."""
    if rule.kind == "slow":
        await asyncio.sleep(rule.seconds)
        return send
    if rule.kind == "drop":
        return cutting(rule.bytes, scope, receive, send)
    if rule.kind == "hang":
        await gone(receive)
        return None
    if rule.kind == "disconnect":
        await close(scope, receive)
        return None
    headers = {"retry-after": f"{rule.seconds:g}"} if rule.kind == "throttle" else {}
    code = {"throttle": "TooManyRequests", "expired_token": "ExpiredAuthenticationToken"}.get(rule.kind, "ServerError")
    await JSONResponse(error_body(code, "a fault that was asked for"), rule.status, headers)(scope, receive, send)
    return None


async def gone(receive: Receive) -> None:
    """Return when the server knows that a request's connection is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def close(scope: Scope, receive: Receive) -> None:
    """Break the connection of a request off."""
    # What was written goes out first; an abort throws away what is still in the buffer.
    await asyncio.sleep(FLUSH)
    scope[TRANSPORT].abort()
    await gone(receive)


def cutting(left: int, scope: Scope, receive: Receive, send: Send) -> Send:
    """A `send` that breaks the connection off after some bytes of the body; the length is announced in full."""
    over = False

    async def cut(message: Message) -> None:
        nonlocal left, over
        if over:
            return
        body = message.get("body", b"")
        if message["type"] != "http.response.body" or len(body) < left:
            left -= len(body)
            await send(message)
            return
        over = True
        await send({**message, "body": body[:left], "more_body": True})
        await close(scope, receive)

    return cut
