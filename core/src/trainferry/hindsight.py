"""Which finding of a dry run would have caught a failure, read off the end of the failed run's log."""

import re
from dataclasses import dataclass

from trainferry.rehearsing.judging import remedy_for
from trainferry.rehearsing.tracebacks import read_failure
from trainferry.specs.job import Job


@dataclass(frozen=True, slots=True)
class Hindsight:
    """What would have told of a failure beforehand."""

    finding: str
    """Id of the rule."""
    stage: str
    """Stage of the dry run that looks for it."""
    remedy: str = ""


_PATTERNS: tuple[tuple[str, str, str], ...] = (
    (r"Descriptors cannot be created|_ARRAY_API|numpy\.dtype size changed", "package-clash", "resolve"),
    (r"ResolutionImpossible|conflicting dependencies|are unsatisfiable", "package-conflict", "resolve"),
    (r"No matching distribution found|Could not find a version", "package-version", "resolve"),
    (r"error: (?:unrecognized arguments|argument --?[\w-]+: (?!invalid))", "argument-unknown", "check"),
    (r"error: argument --?[\w-]+.*invalid .*value", "argument-value", "check"),
    (r"error: the following arguments are required", "argument-missing", "check"),
    (r"can't open file '[^']*\.py'", "script-missing", "check"),
    (r"^SyntaxError|IndentationError", "script-syntax", "check"),
    (r"Read-only file system|\[Errno 30\]", "dataset-written", "rehearse"),
    (r"EOFError: EOF when reading a line", "rehearsal-input", "rehearse"),
    (r"MemoryError|out of memory|OOM|ended by SIGKILL", "memory-short", "rehearse"),
)
"""Pattern, rule and stage; the first that fits is named."""


def hindsight(job: Job, reason: str, log: str) -> Hindsight | None:
    """The finding that would have caught a failed run, if one would: any exception of the script, by a rehearsal."""
    text = f"{reason}\n{log}"
    failure = read_failure(text, job.source_folder)
    raised = "Traceback (most recent call last)" in text
    said = f"{failure.message}\n{reason.partition(chr(10))[0]}" if raised else text
    for pattern, rule, stage in _PATTERNS:
        if re.search(pattern, said, re.MULTILINE):
            return Hindsight(rule, stage, remedy_for(failure.message))
    if raised:
        return Hindsight("rehearsal-failed", "rehearse", remedy_for(failure.message))
    return None
