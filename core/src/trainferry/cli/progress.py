"""Progress of long work: a bar on a terminal, plain lines elsewhere, nothing with --quiet or --json."""

from threading import Lock
from types import TracebackType
from typing import Any, Self

from trainferry.cli.output import Output
from trainferry.progress import Progress


class ProgressView:
    """A context that shows progress events; call it with an event. A bar appears with the first one."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self._bar: Any = None
        self._lock = Lock()
        self._tasks: dict[str, Any] = {}
        self._said = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, event: Progress) -> None:
        """Show one event."""
        if self.output.terminal:
            self._draw(event)
        elif event.message != self._said:
            self._said = event.message
            self.output.say(f"- {event.message}")

    def _draw(self, event: Progress) -> None:
        with self._lock:
            if self._bar is None:
                self._bar = _start_bar()
            task = self._tasks.get(event.message)
            if task is None:
                task = self._tasks[event.message] = self._bar.add_task(event.message, total=event.total, count="")
        count = f"{event.done:,} {event.unit}s" if event.total is None and event.done else ""
        self._bar.update(task, completed=event.done, total=event.total, count=count)


def _start_bar() -> Any:
    from rich.console import Console  # noqa: PLC0415  (a bar on a terminal is worth its start-up time)
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.progress import Progress as Bar  # noqa: PLC0415

    said = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[count]}"))
    bar = Bar(SpinnerColumn(), *said, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
    bar.start()
    return bar
