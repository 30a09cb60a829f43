"""Trying again: how long, how often, and what a server's Retry-After means for all threads of a transfer."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Answers that another try may change."""

LONGEST_WAIT = 300.0
"""No Retry-After is honoured beyond this (seconds): an error is worth more than a longer silence."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How hard to try. The defaults bear a restart of the service and a fifth of all requests failing."""

    seconds: float = 60.0
    """How long one request that keeps failing is tried again, its waits included (seconds)."""
    first_wait: float = 0.2
    """Longest wait before the second try; it doubles with each further one (seconds)."""
    longest_wait: float = 15.0
    """Longest wait between two tries (seconds)."""
    timeout: float = 60.0
    """How long a server may be silent before a try counts as failed (seconds)."""

    def wait_after(self, tries: int) -> float:
        """Seconds to wait after so many tries: random up to a bound that doubles, so that clients drift apart."""
        bound: float = min(self.longest_wait, self.first_wait * 2 ** min(tries - 1, 30))
        return bound * random.uniform(0.5, 1)  # noqa: S311  (nothing secret about it)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait, from a Retry-After of either form, or None; at most LONGEST_WAIT."""
    text = headers.get("retry-after")
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


class Gate:
    """What all threads of a transfer pass before each request: closed while the server wants quiet, or for ever."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._quiet_until = 0.0

    @property
    def stopped(self) -> bool:
        """Whether the transfer has been given up."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Give the transfer up: whoever waits goes on at once and finds `stopped`."""
        self._stopped.set()

    def quiet_for(self, seconds: float) -> None:
        """Let nobody ask for so long."""
        self._quiet_until = max(self._quiet_until, time.monotonic() + seconds)

    def wait(self, seconds: float = 0.0) -> bool:
        """Wait so long, and until the quiet time is over; False if the transfer was given up."""
        until = time.monotonic() + seconds
        while (left := max(until, self._quiet_until) - time.monotonic()) > 0:
            if self._stopped.wait(left):
                return False
        return not self._stopped.is_set()
