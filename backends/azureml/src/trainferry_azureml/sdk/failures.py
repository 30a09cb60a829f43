"""What azureml-core raises, turned into errors of ours; and what it leaves open when it raises, closed."""

import multiprocessing.pool
import re
from types import FrameType
from typing import TYPE_CHECKING, Any

from trainferry.errors import BackendError, FerryError
from trainferry.masking import mask_text
from trainferry_azureml.service.errors import ServiceError, Unreachable, words_of
from trainferry_azureml.service.http import unreachable

if TYPE_CHECKING:
    from trainferry_azureml.sdk.silence import Silence

_STATUS = re.compile(r"(?:Response Code|status code|StatusCode|Code)\W{1,4}(\d{3})\b", re.IGNORECASE)
_LONGEST = 600


def status_of(error: BaseException) -> int | None:
    """The HTTP status behind an exception of the SDK: some carry an answer, others only tell it in their text."""
    seen: BaseException | None = error
    while seen is not None:
        answer = getattr(seen, "response", None)
        status = getattr(answer, "status_code", None)
        if isinstance(status, int):
            return status
        match = _STATUS.search(str(seen))
        if match:
            return int(match.group(1))
        seen = seen.__cause__ or seen.__context__ or getattr(seen, "inner_exception", None)
    return None


def translated(error: Exception, doing: str, silence: "Silence | None" = None) -> FerryError:
    """The same failure as an error of ours, in one message; errors of ours are handed through.

    `silence` is what was cut off before it failed: the cause, whatever the SDK makes of it, if no answer came later.
    """
    if isinstance(error, FerryError):
        return error
    status, words = status_of(error), _words(error)
    if status is not None:
        return ServiceError(f"can't {doing}: Azure answered {status}: {words}", status=status)
    if silence is not None:
        return unreachable(doing, silence.url, silence.seconds)
    if _is_of_the_way(error):
        return Unreachable(
            f"can't {doing}: no answer from Azure ({type(error).__name__})",
            remedy="check the network, a proxy or a firewall; 'ferry doctor azureml' tries the way",
        )
    return BackendError(f"can't {doing}: {words}", remedy="'ferry doctor azureml' tries what this needs")


def _is_of_the_way(error: BaseException) -> bool:
    """Whether no answer came: refused, reset, too slow."""
    import requests
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError
    from msrest.exceptions import ClientRequestError
    from urllib3.exceptions import HTTPError

    ways = (
        requests.RequestException,
        ClientRequestError,
        HTTPError,
        OSError,
        ServiceRequestError,
        ServiceResponseError,
    )
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ways):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _words(error: Exception) -> str:
    """What the SDK says, without its frames of stars, headers and repeated types."""
    text = str(getattr(error, "message", "") or error)
    inner = re.search(r"\{.*\}", text, re.DOTALL)
    if inner:
        said = _from_json(inner.group())
        text = said or text
    text = mask_text(" ".join(text.replace("=", " ").split() if "====" in text else text.split()))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _from_json(text: str) -> str:
    import ast
    import json

    for read in (json.loads, ast.literal_eval):
        try:
            code, words = words_of(read(text))
        except (ValueError, SyntaxError):
            continue
        if words:
            return f"{code}: {words}" if code else words
    return ""


def close_pools(error: BaseException) -> None:
    """End the pool of threads that a failed submit of the SDK leaves open: it is found in the frames of the failure."""
    seen: BaseException | None = error
    while seen is not None:
        trace = seen.__traceback__
        while trace is not None:
            _close_in(trace.tb_frame)
            trace = trace.tb_next
        seen = seen.__cause__ or seen.__context__


def _close_in(frame: FrameType) -> None:
    pool: Any
    for pool in frame.f_locals.values():
        if isinstance(pool, multiprocessing.pool.Pool):
            pool.terminate()
            pool.join()
