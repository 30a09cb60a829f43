"""What a service answers when it doesn't do what was asked: one form for all of them, as the SDKs read it."""

from typing import Any

from starlette.responses import JSONResponse, Response


class ServiceError(Exception):
    """Answered as a status and `{"error": {"code", "message"}}`, which ARM and the services of Azure ML share."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def response(self) -> Response:
        """The answer."""
        return JSONResponse(error_body(self.code, self.message), self.status, self.headers)


def error_body(code: str, message: str) -> dict[str, Any]:
    """The body of an error; `correlation` is what the SDK prints for support."""
    return {
        "error": {"code": code, "message": message, "details": [], "innerError": None},
        "correlation": {"operation": "emulated", "request": "emulated"},
        "environment": "emulated",
        "location": "local",
    }


def not_found(what: str, name: str) -> ServiceError:
    """404 for a resource."""
    return ServiceError(404, "ResourceNotFound", f"The {what} '{name}' was not found.")


def user_error(message: str, code: str = "UserError") -> ServiceError:
    """400 for a request that can't be right."""
    return ServiceError(400, code, message)


def conflict(message: str, code: str = "Conflict") -> ServiceError:
    """409 for a request that the state of things forbids."""
    return ServiceError(409, code, message)
