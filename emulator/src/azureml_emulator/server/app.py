"""The application: every service's routes behind one gate."""

import logging

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from azureml_emulator.aad.routes import ROUTES as AAD
from azureml_emulator.admin.routes import ROUTES as ADMIN
from azureml_emulator.arm.routes import ROUTES as ARM
from azureml_emulator.artifact.routes import ROUTES as ARTIFACT
from azureml_emulator.compute.routes import ROUTES as COMPUTE
from azureml_emulator.content.routes import ROUTES as CONTENT
from azureml_emulator.dataset.routes import ROUTES as DATASET
from azureml_emulator.datastore.routes import ROUTES as DATASTORE
from azureml_emulator.environment.routes import ROUTES as ENVIRONMENT
from azureml_emulator.execution.routes import ROUTES as EXECUTION
from azureml_emulator.history.routes import ROUTES as HISTORY
from azureml_emulator.metric.routes import ROUTES as METRIC
from azureml_emulator.portal.routes import ROUTES as PORTAL
from azureml_emulator.server.cloud import Cloud
from azureml_emulator.server.errors import error_body
from azureml_emulator.server.middleware import Gate
from azureml_emulator.workspace.routes import ROUTES as WORKSPACE

log = logging.getLogger("azureml_emulator")

_ALL = {
    "admin": ADMIN,
    "aad": AAD,
    "workspace": WORKSPACE,
    "compute": COMPUTE,
    "environment": ENVIRONMENT,
    "datastore": DATASTORE,
    "dataset": DATASET,
    "history": HISTORY,
    "content": CONTENT,
    "execution": EXECUTION,
    "artifact": ARTIFACT,
    "metric": METRIC,
    "portal": PORTAL,
    "arm": ARM,  # the last, for it has a route for resources of any type
}
SERVICES: dict[str, list[tuple[str, str]]] = {
    name: [(" ".join(sorted(set(one.methods or ()) - {"HEAD"})), one.path) for one in routes if isinstance(one, Route)]
    for name, routes in _ALL.items()
}
"""Methods and path of every route, by service."""


async def unknown(request: Request, _: Exception) -> Response:
    """What no service here answers, in words that say so."""
    message = f"The emulator has no {request.method} {request.url.path}"
    log.warning(message)
    return JSONResponse(error_body("NotFound", message), 404)


async def broken(request: Request, error: Exception) -> Response:
    """A fault of the emulator's own: the client hears of it, the log has the whole story."""
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return JSONResponse(error_body("InternalServerError", f"{type(error).__name__}: {error}"), 500)


def application(cloud: Cloud) -> ASGIApp:
    """Everything, as one ASGI application."""
    routes = [one for service in _ALL.values() for one in service]
    handlers = {404: unknown, 405: unknown, Exception: broken}
    starlette = Starlette(routes=routes, exception_handlers=handlers)
    starlette.router.redirect_slashes = False
    starlette.state.cloud = cloud
    cloud.gate = Gate(starlette, cloud)
    return cloud.gate
