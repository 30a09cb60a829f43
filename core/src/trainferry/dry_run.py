"""The dry run: check, resolve, plan and rehearse, and one verdict on all of it. Nothing is changed at the target."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trainferry.checks.rules import found
from trainferry.errors import CapabilityMissing, FerryError, JobFileError
from trainferry.findings import worst_first
from trainferry.progress import Progress, Report
from trainferry.silencing import Silencer
from trainferry.specs.finding import Finding, Severity
from trainferry.specs.job import Job
from trainferry.specs.plan import Plan
from trainferry.specs.rehearsal import Rehearsal, RehearsalRules
from trainferry.specs.verdict import Stage, StageState, Verdict

if TYPE_CHECKING:
    from trainferry.ferry import Ferry


@dataclass
class Outcome:
    """What a stage writes down while it goes."""

    state: StageState = StageState.DONE
    detail: str = ""


@dataclass
class DryRun:
    """One dry run on its way to a verdict."""

    ferry: "Ferry"
    job: Job
    """The job as it was given; `resolved` is what the backend would get."""
    report: Report
    findings: list[Finding] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    packages: dict[str, str] = field(default_factory=dict)
    plan: Plan | None = None
    rehearsal: Rehearsal | None = None

    def __post_init__(self) -> None:
        self.resolved = self.ferry.resolve(self.job)
        self.silencer = Silencer(self.ferry.config.ignore)

    def verdict(self, *, rehearse: bool) -> Verdict:
        """Go through the stages; each looks at its own part, so that one run tells all that is wrong."""
        with self._stage("check"):
            self.findings += self.ferry.findings_of(self.resolved, self.report)
        blocked = self._errors()
        with self._stage("resolve") as outcome:
            self._resolve(outcome)
        with self._stage("plan") as outcome:
            self._plan(outcome, blocked)
        with self._stage("rehearse") as outcome:
            self._rehearse(outcome, wanted=rehearse)
        kept, silenced = self.silencer.split(worst_first(self.findings))
        return Verdict(
            job=self.job.name,
            backend=self.ferry.config.backend,
            findings=tuple(kept),
            silenced=tuple(silenced),
            stages=tuple(self.stages),
            packages=self.packages,
            plan=self.plan,
            rehearsal=self.rehearsal,
        )

    @contextmanager
    def _stage(self, name: str) -> Iterator[Outcome]:
        outcome, begun = Outcome(), time.monotonic()
        self.report(Progress(f"{name} ..."))
        yield outcome
        seconds = round(time.monotonic() - begun, 3)
        self.stages.append(Stage(name=name, state=outcome.state, seconds=seconds, detail=outcome.detail))

    def _errors(self) -> int:
        kept, _ = self.silencer.split(self.findings)
        return sum(finding.severity is Severity.ERROR for finding in kept)

    def _resolve(self, outcome: Outcome) -> None:
        from trainferry.resolving import resolve  # noqa: PLC0415  (packaging and tomllib: this stage alone needs them)

        site = self.ferry.site
        resolution = resolve(self.resolved, rules_of(self.ferry, self.resolved), site, offline=site.offline)
        self.findings += resolution.findings
        self.packages = {package.name: package.version for package in resolution.packages}
        outcome.state = StageState.DONE if resolution.checked else StageState.UNCHECKED
        outcome.detail = resolution.summary

    def _plan(self, outcome: Outcome, blocked: int) -> None:
        if blocked:
            outcome.state, outcome.detail = StageState.SKIPPED, "until the errors of the check are mended"
            return
        try:
            self.plan = self.ferry.plan_resolved(self.resolved)
        except FerryError as error:
            self.findings.append(found(self.job, "plan-failed", f"no plan: {error.message}", error.remedy))
            outcome.state, outcome.detail = StageState.UNCHECKED, error.message
            return
        self.findings += self.plan.findings
        count = len(self.plan.actions)
        outcome.detail = f"{count} step{'s' if count != 1 else ''}"
        if self.ferry.site.offline and self.ferry.backend().remote:
            outcome.state, outcome.detail, finding = self._offline(self.plan)
            self.findings.append(finding)

    def _offline(self, plan: Plan) -> tuple[StageState, str, Finding]:
        finding = offline_finding(self.job, plan)
        done = StageState.UNCHECKED if plan.asked is None else StageState.DONE
        return done, finding.message, finding

    def _rehearse(self, outcome: Outcome, *, wanted: bool) -> None:
        outcome.state = StageState.SKIPPED
        if not wanted:
            outcome.detail = "not asked for"
        elif count := self._errors():
            outcome.detail = f"until the error{'s are' if count > 1 else ' is'} mended"
        else:
            from trainferry.rehearsing import rehearse  # noqa: PLC0415  (a dry run without one needs none of it)

            price = self.plan.price if self.plan else None
            result = rehearse(self.ferry, self.job, price=price, report=self.report)
            self.rehearsal = result.rehearsal
            self.findings += result.findings
            outcome.state = StageState.DONE if result.rehearsal else StageState.UNCHECKED
            outcome.detail = result.summary


def rules_of(ferry: "Ferry", job: Job) -> RehearsalRules:
    """What the configured backend says that its nodes are like; the usual rules if it says nothing."""
    with suppress(CapabilityMissing):
        return ferry.backend().rehearsal_rules(job)
    return RehearsalRules()


def offline_finding(job: Job, plan: Plan) -> Finding:
    """What a plan is worth that was made without asking the target."""
    if plan.asked is None:
        message = "nothing was asked of the target: names, quota, images and what exists there are not checked"
        return found(job, "target-not-asked", message)
    hours = max(0.0, time.time() - plan.asked) / 3600
    days = f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.1f} hours"  # noqa: PLR2004
    text = days if hours >= 1 else f"{max(1, round(hours * 60))} min"
    message = f"the target was not asked: what is said of it was read {text} ago"
    return found(job, "target-not-asked", message)


def broken_file(path: str, backend: str, error: FerryError) -> Verdict:
    """The verdict on a job file that can't be read as one: each problem is a finding."""
    problems = error.problems if isinstance(error, JobFileError) else [error]
    return Verdict(
        job=path,
        backend=backend,
        findings=tuple(_as_finding(problem, path) for problem in problems),
        stages=(
            Stage(name="check", state=StageState.DONE, detail="the job file can't be read"),
            *(Stage(name=name, state=StageState.SKIPPED) for name in ("resolve", "plan", "rehearse")),
        ),
    )


def _as_finding(problem: FerryError, path: str) -> Finding:
    where = problem.where
    return Finding(
        id="job-file",
        severity=Severity.ERROR,
        message=problem.message,
        remedy=problem.remedy,
        file=where.file if where else path,
        line=where.line if where else None,
        column=where.column if where else None,
    )
