"""Checks of the script, read as a syntax tree and never run."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from trainferry.checks import command_line, parsers, surface
from trainferry.checks.code import flow
from trainferry.checks.code.program import Module, shown
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.source import OTHER_KINDS
from trainferry.checks.surfaces import read_surface
from trainferry.errors import Location
from trainferry.specs.finding import Finding, Severity
from trainferry.specs.job import Job

_OLDEST = (3, 7)
"""The oldest Python whose syntax can be told."""
_TAKE_NEWER = "write a newer python under environment, or write the line in the older way"


def check(context: Context) -> Iterator[Finding]:
    """Syntax errors, and arguments of the job that the script's argparse would refuse."""
    job, program = context.job, context.program
    if program is None or PurePosixPath(job.script).suffix.lower() in OTHER_KINDS:
        return
    if program.error is not None and program.broken is not None:
        yield _syntax(job, program.broken, program.error)
    yield from _newer(context)
    if program.modules:
        parser = parsers.read_parser(program.script.tree)
        if parser is not None:
            yield from command_line.check(job, parser)
        elif (taken := read_surface(program)) is not None:
            yield from surface.check(job, taken)


def _newer(context: Context) -> Iterator[Finding]:
    """Syntax and annotations that came with a later Python than the job's."""
    wanted = _version(context.job.environment.python)
    if wanted is None or wanted >= sys.version_info[:2] or context.program is None:
        return
    for module in context.program.modules:
        try:
            ast.parse(module.file.read_bytes(), feature_version=max(wanted, _OLDEST))
        except SyntaxError as error:
            where = Location(shown(module.file), error.lineno or None, error.offset or None)
            message = f"not valid in Python {wanted[0]}.{wanted[1]}, with which the job runs: {error.msg}"
            yield found(context.job, "script-syntax", message, _TAKE_NEWER, at=where)
            continue
        except (OSError, ValueError):
            continue
        yield from _unions(context, module, wanted)


def _unions(context: Context, module: Module, wanted: tuple[int, int]) -> Iterator[Finding]:
    """`int | None` as an annotation that is evaluated, which Python before 3.10 can't."""
    if wanted >= (3, 10) or module.names.imported.get("annotations") == "__future__.annotations":
        return
    for node in module.nodes:
        if isinstance(node, ast.arg | ast.AnnAssign):
            written = [node.annotation]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            written = [node.returns]
        else:
            continue
        inside = isinstance(node, ast.AnnAssign) and flow.function_of(module, node) is not None
        if any(isinstance(part, ast.BinOp) and isinstance(part.op, ast.BitOr) for part in written) and not inside:
            text = ast.unparse(next(part for part in written if part is not None))
            version = f"Python {wanted[0]}.{wanted[1]}"
            message = f"'{text}' is a TypeError in {version}, with which the job runs: | joins types since 3.10"
            yield found(context.job, "script-syntax", message, _TAKE_NEWER, at=module.at(node))
            return


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
