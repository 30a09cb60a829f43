"""Making findings: one line for each, wherever in this backend something is found wrong."""

from trainferry.errors import Location
from trainferry.specs.finding import Finding, Severity
from trainferry.specs.job import Job


def finding(rule: str, severity: str, message: str, remedy: str = "", where: Location | None = None) -> Finding:
    """A finding, with its place in the job file where that is known."""
    return Finding(
        id=rule,
        severity=Severity(severity),
        message=message,
        remedy=remedy,
        file=where.file if where else None,
        line=where.line if where else None,
        column=where.column if where else None,
    )


def place(job: Job, *path: str | int) -> Location | None:
    """Where a key of the job stands in its file: the key itself, else the nearest table around it."""
    for length in range(len(path), 0, -1):
        if path[:length] in job.origin.marks:
            return job.origin.marks[path[:length]]
    return None
