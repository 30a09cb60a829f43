"""Progress of long work: a bar on a terminal, plain lines elsewhere, nothing with --quiet or --json."""

from types import TracebackType
from typing import Any, Self

from trainferry.cli.output import Output
from trainferry.progress import Progress


class ProgressView:
    """A context that shows progress events; call it with an event."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self._bar: Any = None
        self._tasks: dict[str, Any] = {}
        self._said = ""

    def __enter__(self) -> Self:
        if self.output.terminal:
            from rich.console import Console  # noqa: PLC0415  (a bar on a terminal is worth its start-up time)
            from rich.progress import (  # noqa: PLC0415
                BarColumn,
                SpinnerColumn,
                TaskProgressColumn,
                TextColumn,
                TimeElapsedColumn,
            )
            from rich.progress import Progress as Bar  # noqa: PLC0415

            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TimeElapsedColumn(),
            )
            self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, event: Progress) -> None:
        """Show one event."""
        if self._bar is not None:
            task = self._tasks.get(event.message)
            if task is None:
                task = self._tasks[event.message] = self._bar.add_task(event.message, total=event.total)
            self._bar.update(task, completed=event.done, total=event.total)
        elif event.message != self._said:
            self._said = event.message
            self.output.say(f"- {event.message}")
