"""Every rule of the core's checks: its severity, why it matters, how to mend it. Messages and documentation use it.

One table for each subject. A finding's `id` is the name of its rule.
"""

from collections.abc import Mapping

from trainferry.checks.rules import (
    of_code,
    of_data,
    of_dry_run,
    of_environment,
    of_job,
    of_rehearsing,
    of_resolving,
    of_script,
    of_source,
)
from trainferry.checks.rules.rule import Rule
from trainferry.errors import Location
from trainferry.specs.finding import Confidence, Finding, Severity
from trainferry.specs.job import Job

__all__ = ["RULES", "Path", "Rule", "found", "place_in_job"]

Path = tuple[str | int, ...]

RULES: Mapping[str, Rule] = {
    **of_job.RULES,
    **of_source.RULES,
    **of_data.RULES,
    **of_script.RULES,
    **of_code.RULES,
    **of_environment.RULES,
    **of_resolving.RULES,
    **of_rehearsing.RULES,
    **of_dry_run.RULES,
}


def found(
    job: Job,
    rule: str,
    message: str,
    remedy: str = "",
    *,
    at: Path | Location | None = None,
    severity: Severity | None = None,
    confidence: Confidence | None = None,
) -> Finding:
    """A finding of a rule. `at` is a path in the job file, whose nearest known place is taken, or a place elsewhere.

    Severity, remedy and confidence are the rule's own where nothing else is given.
    """
    where = at if isinstance(at, Location) else place_in_job(job, at or ())
    return Finding(
        id=rule,
        severity=severity or RULES[rule].severity,
        confidence=confidence or RULES[rule].confidence,
        message=message,
        remedy=remedy or RULES[rule].how,
        file=where.file if where else None,
        line=where.line if where else None,
        column=where.column if where else None,
    )


def place_in_job(job: Job, path: Path) -> Location | None:
    """Where a path of the job stands in its file; the nearest thing around it, or None if it comes from no file."""
    marks = job.origin.marks
    while path not in marks and path:
        path = path[:-1]
    return marks.get(path) or (Location(job.origin.file) if job.origin.file else None)
