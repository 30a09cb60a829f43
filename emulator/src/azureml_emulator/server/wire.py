"""From HTTP to a function and back: routes whose handlers take a Call and return JSON, run in a thread each."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from azureml_emulator.server.cloud import Cloud
from azureml_emulator.server.errors import ServiceError, user_error

PROVIDER = "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.MachineLearningServices"
WORKSPACE = PROVIDER + "/workspaces/{ws}"


@dataclass(frozen=True)
class Call:
    """One request, read."""

    cloud: Cloud
    method: str
    path: str
    parts: dict[str, str]
    """What the placeholders of the route stand for."""
    query: dict[str, str]
    content: bytes
    headers: dict[str, str]

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object that was sent; 400 if it is none."""
        try:
            found = json.loads(self.content or b"{}")
        except ValueError as error:
            raise user_error(f"the body is no JSON: {error}") from error
        if not isinstance(found, dict):
            raise user_error("the body is no JSON object")
        return found

    @cached_property
    def scope(self) -> str:
        """Path of the workspace that is meant, as it was first written: `/subscriptions/...`; 404 if there is none."""
        from azureml_emulator.workspace.models import scope_of  # noqa: PLC0415  (it stands on this module)

        return scope_of(self.cloud, self.parts["sub"], self.parts["rg"], self.parts["ws"])

    def key(self, *names: str) -> str:
        """Key of a document that belongs to the workspace."""
        return "/".join((self.scope.lower(), *names))


Handler = Callable[[Call], Any]


def route(methods: str, path: str, handler: Handler) -> Route:
    """A route for methods such as `GET` or `PUT POST`."""

    async def endpoint(request: Request) -> Response:
        call = Call(
            request.app.state.cloud,
            request.method,
            request.url.path,
            dict(request.path_params),
            dict(request.query_params),
            await request.body(),
            dict(request.headers),
        )
        try:
            return as_response(await run_in_threadpool(handler, call))
        except ServiceError as error:
            return error.response()

    return Route(path, endpoint, methods=methods.split())


def as_response(result: Any) -> Response:
    """JSON for what a handler returned; nothing at all for None."""
    if isinstance(result, Response):
        return result
    return Response(status_code=200) if result is None else JSONResponse(result)


def created(result: Any, status: int = 201, headers: dict[str, str] | None = None) -> Response:
    """JSON with a status of its own."""
    return JSONResponse(result, status, headers)
