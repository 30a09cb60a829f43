"""Checks of what the job says, whatever lies on the disk."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import W
from trainferry.specs.finding import Finding
from trainferry.specs.job import PLACEHOLDER, Job

_TWO_IN_ONE = re.compile(r"(--?[A-Za-z][\w-]*) +(\S.*)", re.DOTALL)
_PREFIX = "datasets."


def check(context: Context) -> Iterator[Finding]:
    """Placeholders that name nothing, datasets that nothing uses, arguments run together, and a missing timeout."""
    job = context.job
    used: set[str] = set()
    for number, argument in enumerate(job.arguments):
        yield from _argument(job, number, argument, used)
    for name in job.datasets:
        if name not in used:
            yield found(
                job,
                "dataset-unused",
                f"no argument mentions the dataset '{name}'",
                f'pass it on: arguments: [..., "${{{{ datasets.{name} }}}}"], or take it out',
                at=("datasets", name),
            )
    yield from _misplaced(job)
    if job.timeout is None:
        paid = job.compute.size is not None or (context.target is not None and context.target.paid)
        message = "the job has no timeout: a script that hangs runs on" + (", and is paid for," if paid else "")
        yield found(job, "no-timeout", message + " until somebody looks", severity=W if paid else None)


def _argument(job: Job, number: int, argument: str, used: set[str]) -> Iterator[Finding]:
    at = ("arguments", number)
    for match in PLACEHOLDER.finditer(argument):
        name = match[1].removeprefix(_PREFIX)
        if match[1].startswith(_PREFIX) and name in job.datasets:
            used.add(name)
        else:
            yield _unknown(job, match, at)
    if "${{" in PLACEHOLDER.sub("", argument):
        yield found(job, "placeholder-unclosed", f"the placeholder in '{argument}' is not closed", at=at)
    both = _TWO_IN_ONE.fullmatch(argument)
    if both:
        yield found(
            job,
            "argument-two-in-one",
            f"'{argument}' reaches the script as one argument, with the space in it",
            f'write two items: "{both[1]}", "{both[2]}"',
            at=at,
        )


def _unknown(job: Job, match: re.Match[str], at: tuple[str | int, ...]) -> Finding:
    name = match[1].rpartition(".")[2]
    guess = name if name in job.datasets else next(iter(get_close_matches(name, job.datasets, n=1)), None)
    if guess:
        remedy = f"did you mean ${{{{ datasets.{guess} }}}}?"
    elif job.datasets:
        remedy = f"datasets of this job: {', '.join(job.datasets)}"
    else:
        remedy = f"this job has no datasets; add datasets: {{{name or 'images'}: {{path: FOLDER}}}}"
    return found(job, "placeholder-unknown", f"{match[0]} names nothing that there is", remedy, at=at)


def _misplaced(job: Job) -> Iterator[Finding]:
    places: list[tuple[tuple[str, ...], str]] = [
        (("environment", "variables", key), text) for key, text in job.environment.variables.items()
    ]
    places += [(("tags", key), text) for key, text in job.tags.items()]
    for at, text in places:
        if PLACEHOLDER.search(text):
            yield found(
                job, "placeholder-misplaced", f"{'.'.join(at)} is passed on as it is: '{text}' is not replaced", at=at
            )
