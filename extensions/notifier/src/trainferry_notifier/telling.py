"""The ways to tell: a program that is started, and an address that gets a POST."""

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from trainferry.masking import mask
from trainferry_notifier.settings import NotifierSettings, checked

if TYPE_CHECKING:
    from trainferry.specs import RunRecord, RunState

FILLED_IN = ("id", "name", "state", "backend")
"""What may stand in braces among the command's arguments."""


def message_of(run: "RunRecord", old: "RunState", new: "RunState") -> dict[str, Any]:
    """What is told of a run, without secrets."""
    message: dict[str, Any] = mask(
        {
            "id": run.id,
            "name": run.job.name,
            "experiment": run.experiment,
            "backend": run.backend,
            "state": str(new),
            "was": str(old),
            "exit_code": run.exit_code,
            "reason": run.reason,
            "seconds": run.seconds,
            "tags": dict(run.job.tags),
        }
    )
    return message


def tell_command(settings: NotifierSettings, message: dict[str, Any]) -> None:
    """Start the program, if there is one, with the message on its input; RuntimeError if it fails or takes too long."""
    if not settings.command:
        return
    command = [_filled_in(word, message) for word in settings.command]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(message),
            text=True,
            capture_output=True,
            timeout=settings.timeout_seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(f"{command[0]}: {error}") from error
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with exit code {done.returncode}: {done.stderr.strip()[-500:]}")


def _filled_in(word: str, message: dict[str, Any]) -> str:
    for key in FILLED_IN:
        word = word.replace(f"{{{key}}}", str(message[key]))
    return word


class _StayThere(HTTPRedirectHandler):
    """Refuses to be sent elsewhere: what was meant for one address goes to no other."""

    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        """Take no new request for the old one; urllib then raises the answer as an error."""


def tell_address(settings: NotifierSettings, message: dict[str, Any]) -> None:
    """POST the message to the address, if there is one; RuntimeError names only its host, the rest may be secret."""
    url = settings.url or os.environ.get(settings.url_variable, "")
    if not url:
        if settings.url_variable:
            raise RuntimeError(f"the variable {settings.url_variable}, which is to hold the address, is not set")
        return
    data = json.dumps(message).encode()
    try:
        request = Request(checked(url), data, {"Content-Type": "application/json"}, method="POST")  # noqa: S310  (checked)
        with build_opener(_StayThere).open(request, timeout=settings.timeout_seconds):
            pass
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "reason", "") or getattr(error, "code", "") or type(error).__name__)
        raise RuntimeError(f"{urlsplit(url).hostname or 'the address'}: {reason}") from error
