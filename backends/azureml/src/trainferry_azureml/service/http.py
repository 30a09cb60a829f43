"""HTTP with patience: what fails for a passing reason is asked again, until a deadline; the rest is an error."""

import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from trainferry_azureml.service.errors import ServiceError, Unreachable, service_error

if TYPE_CHECKING:
    import requests

    from trainferry_azureml.auth.tokens import Tokens

PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Answers that another try may turn into a success; those that Azure's own clients try again."""
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 8.0
_CONNECT = 10.0
"""Seconds for a connection to be made, at most."""
_UNAUTHORIZED = 401
RENEWALS = 3
"""How often a token that a service refuses is replaced by a new one before its refusal is believed (count)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a service is waited for, and tried again (seconds)."""

    answer: float
    """How long it may say nothing."""
    retry: float
    """How long a request that fails for a passing reason is tried again."""


class Http:
    """Asks Azure's services, from any thread. Raises ServiceError for a refusal, Unreachable for no answer.

    Every request made here may be repeated without harm: it reads, or it writes what is to be.
    """

    def __init__(self, tokens: "Tokens", limits: Limits) -> None:
        self._tokens = tokens
        self._limits = limits
        self._local = threading.local()

    @property
    def limits(self) -> Limits:
        """How long this thread waits and tries."""
        own: Limits | None = getattr(self._local, "limits", None)
        return own or self._limits

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """While it lasts, this thread waits and tries no longer than so many seconds for each answer."""
        before = self.limits
        self._local.limits = Limits(min(seconds, before.answer), min(seconds, before.retry))
        try:
            yield
        finally:
            self._local.limits = before

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
        start, renewals = time.monotonic(), 0
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
            if (waited := time.monotonic() - start) + pause > self.limits.retry:
                if found is not None:
                    raise service_error(found, doing)
                raise unreachable(doing, url, waited, trouble)
            time.sleep(pause)
        raise AssertionError("never comes here")

    def _try(self, method: str, url: str, **more: Any) -> "tuple[requests.Response | None, Exception | None]":
        import requests

        silent = self.limits.answer
        try:
            return self._session().request(method, url, timeout=(min(_CONNECT, silent), silent), **more), None
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


def service_at(url: str) -> str:
    """Which service an address belongs to, for a message: its host, and the first part of the path, no more."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{host}/{parts.path.strip('/').partition('/')[0]}".rstrip("/")


def unreachable(doing: str, url: str, seconds: float, trouble: Exception | None = None) -> Unreachable:
    """The error for a service that gave no answer in so many seconds."""
    why = f" ({type(trouble).__name__})" if trouble else ""
    return Unreachable(
        f"can't {doing}: no answer from {service_at(url)} for {round(seconds, 1):g} s{why}",
        remedy="check the network, a proxy or a firewall; 'ferry doctor azureml' tries the way",
    )
