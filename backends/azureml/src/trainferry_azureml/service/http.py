"""HTTP with patience: what fails for a passing reason is asked again, until a deadline; the rest is an error."""

import random
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trainferry_azureml.service.errors import ServiceError, Unreachable, service_error

if TYPE_CHECKING:
    import requests

    from trainferry_azureml.auth.tokens import Tokens

PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Answers that another try may turn into a success; those that Azure's own clients try again."""
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 8.0
_TIMEOUT = (10.0, 60.0)
"""Seconds for a connection to be made, and for the next bytes of an answer to come."""
_UNAUTHORIZED = 401
RENEWALS = 3
"""How often a token that a service refuses is replaced by a new one before its refusal is believed (count)."""


class Http:
    """Asks Azure's services, from any thread. Raises ServiceError for a refusal, Unreachable for no answer.

    Every request made here may be repeated without harm: it reads, or it writes what is to be.
    """

    def __init__(self, tokens: "Tokens", retry_seconds: float) -> None:
        self._tokens = tokens
        self._retry_seconds = retry_seconds
        self._local = threading.local()

    def json(self, method: str, url: str, doing: str, **more: Any) -> Any:
        """The answer as data; `more` goes to `answer`."""
        return self.answer(method, url, doing, **more).json()

    def find(self, url: str, doing: str, **more: Any) -> Any | None:
        """The answer as data, or None where the service says that there is no such thing."""
        try:
            return self.json("GET", url, doing, **more)
        except ServiceError as error:
            if error.status == 404:  # noqa: PLR2004  (HTTP's own number for it)
                return None
            raise

    def answer(
        self,
        method: str,
        url: str,
        doing: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        signed: bool = True,
        accept: frozenset[int] = frozenset(),
        stream: bool = False,
    ) -> "requests.Response":
        """One answer, a success or one of the statuses in `accept`.

        `signed` sends our token along: never to an address that carries its own signature, such as a blob's.
        """
        deadline = time.monotonic() + self._retry_seconds
        renewals = 0
        for attempt in range(1_000_000):
            own = dict(headers or {}) | (self._tokens.header() if signed else {})
            found, trouble = self._try(method, url, json=json, params=params, headers=own, stream=stream)
            if found is not None and (found.ok or found.status_code in accept):
                return found
            if found is not None and found.status_code == _UNAUTHORIZED and signed and renewals < RENEWALS:
                renewals += 1
                self._tokens.renew()
                continue
            if found is not None and found.status_code not in PASSING:
                raise service_error(found, doing)
            pause = pause_before(attempt, found.headers.get("Retry-After") if found is not None else None)
            if time.monotonic() + pause > deadline:
                if found is not None:
                    raise service_error(found, doing)
                raise unreachable(doing, trouble, self._retry_seconds)
            time.sleep(pause)
        raise AssertionError("never comes here")

    def _try(self, method: str, url: str, **more: Any) -> "tuple[requests.Response | None, Exception | None]":
        import requests

        try:
            return self._session().request(method, url, timeout=_TIMEOUT, **more), None
        except requests.RequestException as error:
            if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema)):
                raise
            return None, error

    def _session(self) -> "requests.Session":
        """One session for each thread: connections are kept, and none is shared."""
        import requests

        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
        return session


def pause_before(attempt: int, wanted: str | None) -> float:
    """Seconds until the next try: what the service asks for, else longer each time, and never two clients alike."""
    try:
        return max(0.0, float(wanted or ""))
    except ValueError:
        top: float = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempt, 10))
        return top * (0.5 + random.random() / 2)  # noqa: S311  (spreads load, protects nothing)


def unreachable(doing: str, trouble: Exception | None, seconds: float) -> Unreachable:
    """The error for a service that gave no answer in time."""
    what = type(trouble).__name__ if trouble else "no answer"
    return Unreachable(
        f"can't {doing}: no answer from Azure for {seconds:.0f} s ({what})",
        remedy="check the network, a proxy or a firewall; 'ferry doctor azureml' tries the way",
    )
