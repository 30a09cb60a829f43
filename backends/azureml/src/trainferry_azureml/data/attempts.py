"""One request that is tried until it gets an answer which another try won't change, or patience ends."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from trainferry_azureml.data import refusals
from trainferry_azureml.data.connection import Answer
from trainferry_azureml.data.patience import PASSING, Gate, Patience, retry_after

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stopped(Exception):
    """The transfer was given up while this request waited; the error that ended it tells why."""


class Attempts:
    """The tries of one request: iterate to try, call `failed` when a try did, leave the loop when it did not.

    Iterating raises Stopped when the transfer is given up.
    """

    def __init__(self, patience: Patience, gate: Gate, doing: str, place: str) -> None:
        self._patience, self._gate, self._doing, self._place = patience, gate, doing, place
        self._start = time.monotonic()
        self._tries = 0

    def __iter__(self) -> Iterator[int]:
        while self._gate.wait():
            self._tries += 1
            yield self._tries
        raise Stopped

    def failed(self, how: Answer | Exception) -> None:
        """Wait before the next try, as long as the server asks; raises BackendError with the cause if none is due."""
        if self._gate.stopped:
            raise Stopped
        if isinstance(how, Exception) and refusals.permanent(how):
            raise refusals.unreachable(how, self._doing, self._place)
        spent = time.monotonic() - self._start
        asked = retry_after(how.headers) if isinstance(how, Answer) else None
        pause = self._patience.wait_after(self._tries) if asked is None else asked
        if spent + pause > self._patience.seconds:
            raise refusals.gave_up(how, self._doing, self._place, self._tries, spent)
        if asked is not None:
            self._gate.quiet_for(asked)
        self._gate.wait(pause)


def may_pass(answer: Answer) -> bool:
    """Whether another try may end better; a body that was damaged on its way counts, too."""
    return answer.status in PASSING or (
        answer.status == HTTPStatus.BAD_REQUEST and refusals.code_of(answer) == "Md5Mismatch"
    )
