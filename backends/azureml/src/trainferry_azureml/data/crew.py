"""Threads that share a list of tasks: the first error ends all of it, and is the one that is raised."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trainferry_azureml.data.attempts import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

TICK = 0.1
"""Seconds between two reports of progress."""
PARTING = 2.0
"""Seconds that a thread gets to end after the user has interrupted."""


class Budget:
    """Bounds the bytes that are held in memory at once; one task that needs more than all is let through alone."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._changed = threading.Condition()

    @contextmanager
    def of(self, count: int) -> Iterator[None]:
        """Hold so many bytes; waits until there is room."""
        count = min(count, self._limit)
        with self._changed:
            self._changed.wait_for(lambda: self._held + count <= self._limit)
            self._held += count
        try:
            yield
        finally:
            with self._changed:
                self._held -= count
                self._changed.notify_all()


class Crew:
    """Runs tasks in threads. `stop` is called once when one fails or the user interrupts: it must wake the others."""

    def __init__(self, threads: int, stop: Callable[[], None]) -> None:
        self._count = threads
        self._stop = stop
        self._lock = threading.Lock()
        self._error: BaseException | None = None
        self._idle = threading.Event()

    def run(self, tasks: Iterable[Callable[[], None]], tick: Callable[[], None]) -> None:
        """Run all tasks; `tick` is called in this thread now and then, and at the end. Raises the first error."""
        queue = iter(tasks)
        threads = [threading.Thread(target=self._work, args=(queue,), daemon=True) for _ in range(self._count)]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive():
                    thread.join(TICK)
                    tick()
        except BaseException:
            self._give_up(None)
            for thread in filter(threading.Thread.is_alive, threads):
                thread.join(PARTING)
            raise
        if self._error is not None:
            raise self._error
        tick()

    def _work(self, queue: Iterator[Callable[[], None]]) -> None:
        while self._error is None:
            with self._lock:
                task = next(queue, None)
            if task is None:
                return
            try:
                task()
            except Stopped:
                return
            except BaseException as error:  # noqa: BLE001  (it is raised in the thread that waits)
                self._give_up(error)

    def _give_up(self, error: BaseException | None) -> None:
        with self._lock:
            first = self._error is None
            if first and error is not None:
                self._error = error
        if first:
            self._stop()
