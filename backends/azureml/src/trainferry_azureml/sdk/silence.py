"""An end for requests of azureml-core that nobody answers: most of its calls know no time limit, and take none.

They go through `requests.get` and sessions of its own, deep in functions that give no way to a timeout; so the limit is
kept from outside. A thread looks what the SDK's threads are waiting for. Where one has stood in the same read, write or
connect for too long, its socket is shut down: the call wakes up with the error of a broken connection, in the thread
that made it, and everything between is closed as the SDK closes it. Nothing of the SDK is changed, no thread is left
behind that could keep the process from ending, and a service that is slow but says something is never cut off.
"""

import socket
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from time import monotonic
from types import FrameType, TracebackType
from typing import Self

_LOOKS = 10
"""How often within the limit it is looked (count): a silence ends at most a tenth later than it should."""
_LONGEST_PAUSE = 1.0
_AGAIN = 4
_AT_LAST = 60
"""After a first silence the SDK tries again by itself, in places two dozen times. Each of those tries gets a fourth of
the limit until the silence has lasted for two limits, and then a sixtieth: so it ends soon after the second."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A service that said nothing: its address, without its query, and for how long in all it was waited for."""

    url: str
    seconds: float


@dataclass(frozen=True, slots=True)
class _Wait:
    """What a thread stands in, and since when."""

    frame: FrameType
    since: float


class SilenceWatch:
    """While it is open, no request of azureml-core waits longer than `limit` seconds for the next bytes to come."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="silence-watch", daemon=True)
        self._waits: dict[int, _Wait] = {}
        self.silence: Silence | None = None
        """What was cut off because nobody answered, if anything was."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._waits.clear()

    def _look_on(self) -> None:
        while not self._over.wait(min(_LONGEST_PAUSE, self._allowed / _LOOKS)):
            self._look()

    @property
    def _allowed(self) -> float:
        if self.silence is None:
            return self._limit
        return self._limit / (_AGAIN if self.silence.seconds < 2 * self._limit else _AT_LAST)

    def _look(self) -> None:
        now, before, self._waits = monotonic(), self._waits, {}
        for thread, frame in sys._current_frames().items():  # noqa: SLF001  (the documented way, whatever its name)
            known = before.get(thread)
            wait = known if known is not None and known.frame is frame else _Wait(frame, now)
            if now - wait.since < self._allowed:
                self._waits[thread] = wait
            elif _is_of_the_sdk(frame):
                self._cut_off(frame, now - wait.since)

    def _cut_off(self, frame: FrameType, seconds: float) -> None:
        waiting = _socket_in(frame)
        if waiting is None:
            return
        so_far = self.silence.seconds if self.silence else 0.0
        self.silence = Silence(_address(frame), so_far + seconds)
        with suppress(OSError):  # it has ended by itself just now
            # Not the method of a TLS socket: that one would forget its session while another thread reads from it.
            socket.socket.shutdown(waiting, socket.SHUT_RDWR)


def _is_of_the_sdk(frame: FrameType) -> bool:
    """Whether azureml-core waits for this call to return; ours have limits of their own."""
    return any(str(one.f_globals.get("__name__", "")).startswith("azureml.") for one in _outward(frame))


def _outward(frame: FrameType) -> list[FrameType]:
    frames = [frame]
    while (outer := frames[-1].f_back) is not None:
        frames.append(outer)
    return frames


def _socket_in(frame: FrameType) -> socket.socket | None:
    """The socket that a call waits for: its own, or that of what it reads or writes. None if it waits for another."""
    names = frame.f_locals
    owner = names.get("self")
    found = (names.get("sock"), owner, getattr(owner, "_sock", None), getattr(owner, "sock", None))
    return next((one for one in found if isinstance(one, socket.socket)), None)


def _address(frame: FrameType) -> str:
    """Where a request goes, as the frames around it know: the whole address, or at least its host."""
    from requests import PreparedRequest

    host = ""
    for one in _outward(frame):
        request, owner = one.f_locals.get("request"), one.f_locals.get("self")
        if isinstance(request, PreparedRequest) and request.url:
            return request.url.partition("?")[0]
        if not host and isinstance(owner, HTTPConnection):
            host = f"https://{owner.host}:{owner.port}"
    return host
