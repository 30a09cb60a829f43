"""Checks of the script, read as a syntax tree and never run."""

import ast
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from trainferry.checks import command_line, parsers
from trainferry.checks.rules import found
from trainferry.checks.source import OTHER_KINDS
from trainferry.errors import Location
from trainferry.specs.finding import Finding, Severity
from trainferry.specs.job import Job

LARGEST = 2_000_000
"""Most bytes of a script that are read; nobody writes more by hand."""


def check(job: Job) -> Iterator[Finding]:
    """Syntax errors, and arguments of the job that the script's argparse would refuse."""
    path = job.source_folder / job.script
    root = os.path.normpath(job.source_folder)
    if not Path(os.path.normpath(path)).is_relative_to(root) or path.suffix.lower() in OTHER_KINDS:
        return  # the check of the source says so
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return
        text = path.read_bytes()
    except OSError:
        return
    tree = _parse(text, path)
    if isinstance(tree, SyntaxError):
        yield _syntax(job, path, tree)
    elif tree is not None:
        parser = parsers.read_parser(tree)
        if parser is not None:
            yield from command_line.check(job, parser)


def _parse(text: bytes, path: Path) -> ast.Module | SyntaxError | None:
    """The tree, what is wrong with it, or None if it is too deep to tell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape is the script's own business
        try:
            return ast.parse(text, str(path))
        except SyntaxError as error:
            return error
        except ValueError as error:
            return SyntaxError(str(error))
        except (RecursionError, MemoryError):
            return None


def _syntax(job: Job, path: Path, error: SyntaxError) -> Finding:
    where = Location(shown(path), error.lineno or None, error.offset or None)
    wanted, here = _version(job.environment.python), sys.version_info[:2]
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


def shown(path: Path) -> str:
    """A path as a terminal can open it: relative to the working folder if it lies below."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
