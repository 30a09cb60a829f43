"""The stage `resolve` of a dry run: from a job and its target to packages and findings."""

import sys
from collections.abc import Iterator

from trainferry.checks.rules import found
from trainferry.resolving import keeping
from trainferry.resolving.asking import Answer, Question, ask
from trainferry.resolving.complaints import explain
from trainferry.resolving.known import clashes
from trainferry.resolving.requirements import absolute, name_of
from trainferry.resolving.resolution import Resolution
from trainferry.site import Site
from trainferry.specs.finding import Finding
from trainferry.specs.job import Job
from trainferry.specs.rehearsal import RehearsalRules

_SHOWN = 5
"""Packages that a message names."""


def resolve(job: Job, rules: RehearsalRules, site: Site, *, offline: bool = False) -> Resolution:
    """Whether the job's packages can be had for the target. Reads the index, unless `offline`; installs nothing.

    An answer is kept for a day and found again by what was asked. Offline, one of any age is used and its age told;
    without one the stage is "not checked", which is no "fine".
    """
    environment = job.environment
    if environment.current:
        return Resolution(summary="nothing to resolve: the environment is this interpreter")
    beyond = _beyond(job)
    if not environment.pip:
        return Resolution(findings=tuple(beyond), checked=not beyond, summary="no pip packages to resolve")
    question = question_of(job, rules)
    answer, age = _answer(question, site, offline=offline)
    if not answer.reached:
        unknown = _not_checked(job, answer, offline=offline)
        return Resolution(findings=(unknown, *beyond), checked=False, summary=unknown.message)
    when = f", as of {_age(age)} ago" if age > keeping.FRESH or offline else ""
    target = f"for Python {question.python} on {question.platform or 'this machine'}"
    if answer.complaint:
        problem = explain(
            job, answer.complaint, lambda name: _newest(name, question, site, offline=offline), question.python
        )
        return Resolution(findings=(problem, *beyond), summary=f"doesn't resolve {target}{when}")
    return Resolution(
        answer.packages, (*_read(job, answer), *beyond), summary=f"{len(answer.packages)} packages {target}{when}"
    )


def question_of(job: Job, rules: RehearsalRules) -> Question:
    """What uv is asked for a job on a target."""
    python = job.environment.python or rules.python or f"{sys.version_info.major}.{sys.version_info.minor}"
    requirements = tuple(absolute(item.strip(), job.folder) for item in job.environment.pip)
    return Question(requirements, python, rules.platform)


def _answer(question: Question, site: Site, *, offline: bool) -> tuple[Answer, float]:
    """A kept answer if it is fresh, or if nobody may be asked; else uv's. With its age in seconds."""
    place = keeping.place_of(question, site.cache)
    kept = keeping.recall(place)
    if kept is not None and (offline or kept[1] <= keeping.FRESH):
        return kept
    answer = ask(question, site.cache / "resolved", offline=offline)
    if answer.reached and not offline:
        keeping.keep(place, answer)
    if not answer.reached and kept is not None:
        return kept
    return answer, 0.0


def _newest(name: str, question: Question, site: Site, *, offline: bool) -> str | None:
    alone = Question((name,), question.python, question.platform)
    answer, _ = _answer(alone, site, offline=offline)
    normal = name_of(name)
    return next((package.version for package in answer.packages if package.name == normal), None)


def _read(job: Job, answer: Answer) -> Iterator[Finding]:
    """What a resolved set has to warn of."""
    versions = {package.name: package.version for package in answer.packages}
    for name in ("cpu", "gpu", "intel"):
        versions.setdefault("tensorflow", versions.get(f"tensorflow-{name}", ""))
    for clash in clashes({name: version for name, version in versions.items() if version}):
        pair = f"{clash.package} {versions[clash.package]} with {clash.other} {versions[clash.other]}"
        yield found(
            job,
            "package-clash",
            f"{pair} resolves, but {clash.why}",
            clash.remedy,
            at=_item(job, clash.package),
            severity=clash.severity,
            confidence=clash.confidence,
        )
    sources = [f"{package.name} {package.version}" for package in answer.packages if package.source_only]
    if sources:
        more = f" and {len(sources) - _SHOWN} more" if len(sources) > _SHOWN else ""
        message = f"published as source only, to be built on the target: {', '.join(sources[:_SHOWN])}{more}"
        yield found(job, "package-source-only", message, at=_item(job, sources[0].partition(" ")[0]))


def _item(job: Job, name: str) -> tuple[str | int, ...]:
    """The place of a package in environment.pip, or of the list if another package brought it along."""
    for number, item in enumerate(job.environment.pip):
        if name_of(item) == name:
            return ("environment", "pip", number)
    return ("environment", "pip")


def _beyond(job: Job) -> list[Finding]:
    """What of the environment is not resolved here, so that silence is not taken for approval."""
    environment = job.environment
    parts = {
        "conda packages": environment.conda,
        "the curated environment": environment.curated,
        "the Dockerfile": environment.dockerfile,
    }
    return [
        found(job, "not-resolved", f"not checked: {what} can't be resolved on this machine", at=("environment",))
        for what, there in parts.items()
        if there
    ]


def _not_checked(job: Job, answer: Answer, *, offline: bool) -> Finding:
    why = "offline, and not resolved before" if offline else answer.complaint.splitlines()[0]
    remedy = "leave out --offline" if offline else "try again with a connection to the package index"
    return found(job, "not-resolved", f"the packages are not checked: {why}", remedy, at=("environment", "pip"))


def _age(seconds: float) -> str:
    hours = seconds / 3600
    if hours < 1:
        return f"{max(1, round(seconds / 60))} min"
    return f"{hours / 24:.0f} days" if hours >= 48 else f"{round(hours)} h"  # noqa: PLR2004
