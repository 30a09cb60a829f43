"""ferry show: one run."""

import argparse
import textwrap
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from trainferry.cli.format import duration, size
from trainferry.cli.output import Output
from trainferry.cli.parser import run_argument
from trainferry.cli.session import ferry_of
from trainferry.cli.view import metrics_table, run_data
from trainferry.errors import FerryError
from trainferry.specs.run import RunState

if TYPE_CHECKING:
    from trainferry.hindsight import Hindsight
    from trainferry.run import Run

_LOG_READ = 200_000
"""Characters of a failed run's log that are looked through, from its end."""

DESCRIPTION = """Show one run: its state, why it ended so, its job, its files and its metrics by epoch."""
EXAMPLES = [
    ("ferry show latest", "the newest run"),
    ("ferry show recycling-4f", "by the start of its id"),
    ("ferry show latest --json", "with the whole job, for a program"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    run_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Always 0 for a run that exists."""
    output = Output(arguments)
    with ferry_of(arguments, output) as ferry:
        handle = ferry.get(arguments.run).refresh()
        files: list[Any] = []
        metrics: list[Any] = []
        url = None
        if handle.record.ref is not None:
            with suppress(FerryError):
                files = list(handle.files())
            with suppress(FerryError):
                metrics = handle.metrics()
            url = handle.portal_url()
        listed = [{"path": f.path, "size": f.size, "local": str(f.local) if f.local else None} for f in files]
        job = handle.record.job.to_data()
        caught = _hindsight(handle)
        data = {"portal": url, "job": job, "files": listed, "metrics": metrics}
        output.document(run_data(handle) | data | {"caught_by": caught.finding if caught else None})
        output.answer(_facts(handle, output, url))
        if caught is not None:
            output.answer(_beforehand(caught))
        for entry in files:
            output.answer(f"  {entry.path:<32}{size(entry.size):>10}  {entry.local or ''}".rstrip())
        if metrics:
            output.answer(metrics_table(metrics))
    return 0


def _hindsight(handle: "Run") -> "Hindsight | None":
    """The finding that would have told of a failure before the submit, if one would."""
    if handle.state is not RunState.FAILED:
        return None
    from trainferry.hindsight import hindsight  # noqa: PLC0415  (only for a run that failed)

    log = ""
    with suppress(FerryError):
        log = handle.log()[-_LOG_READ:]
    return hindsight(handle.record.job, handle.record.reason, log)


def _beforehand(caught: "Hindsight") -> str:
    lines = [f"'ferry dry-run' would have found it before the submit, as {caught.finding} (stage {caught.stage})"]
    if caught.remedy:
        lines.append(f"  {caught.remedy}")
    lines.append(f"  ferry explain {caught.finding}")
    return "\n".join(lines)


def _facts(handle: "Run", output: Output, url: str | None) -> str:
    record = handle.record
    reason, _, last_words = record.reason.partition("\n")
    facts = {
        "run": record.id,
        "state": output.paint(record.state, record.state) + (f" ({reason})" if reason else ""),
        "exit code": record.exit_code,
        "backend": record.backend,
        "experiment": record.experiment,
        "time": duration(record.seconds) if record.seconds is not None else None,
        "cost": f"about {record.cost:.2f} {record.currency}" if record.cost is not None else None,
        "job folder": record.folder,
        "script": " ".join([record.job.script, *map(repr, record.job.arguments)]),
        "portal": url,
    }
    lines = [f"{key + ':':<12}{value}" for key, value in facts.items() if value is not None]
    if last_words:
        lines += ["last words:", textwrap.indent(last_words, "  ")]
    return "\n".join(lines)
