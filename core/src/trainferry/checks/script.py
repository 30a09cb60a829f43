"""Checks of the script, read as a syntax tree and never run."""

import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from trainferry.checks import command_line, parsers
from trainferry.checks.code.program import shown
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.source import OTHER_KINDS
from trainferry.errors import Location
from trainferry.specs.finding import Finding, Severity
from trainferry.specs.job import Job


def check(context: Context) -> Iterator[Finding]:
    """Syntax errors, and arguments of the job that the script's argparse would refuse."""
    job, program = context.job, context.program
    if program is None or PurePosixPath(job.script).suffix.lower() in OTHER_KINDS:
        return
    if program.error is not None and program.broken is not None:
        yield _syntax(job, program.broken, program.error)
    if program.modules:
        parser = parsers.read_parser(program.script.tree)
        if parser is not None:
            yield from command_line.check(job, parser)


def _syntax(job: Job, path: Path, error: SyntaxError) -> Finding:
    where = Location(shown(path), error.lineno or None, error.offset or None)
    wanted, here = _version(job.environment.python), sys.version_info[:2]
    first = (error.text or "").lstrip()[:1]
    if first in ("%", "!", "?"):
        message = f"not valid Python: '{(error.text or '').strip()}' is a command of a notebook"
        return found(job, "script-syntax", message, "take it out; packages go under environment.pip", at=where)
    finding = found(job, "script-syntax", f"not valid Python: {error.msg}", at=where)
    if wanted is None or wanted <= here:
        return finding
    versions = f"checked with Python {here[0]}.{here[1]}, the job runs with {wanted[0]}.{wanted[1]}"
    return finding.model_copy(update={"severity": Severity.WARNING, "message": f"{finding.message} ({versions})"})


def _version(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    major, minor, *_ = text.split(".")
    return int(major), int(minor)
