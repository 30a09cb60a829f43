"""Ferry: the way of a job, from check to submit, on the backend that the config names.

The command line is a thin skin over it.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from trainferry import recovery
from trainferry.adoption import adopt
from trainferry.config import Config, load_config
from trainferry.errors import CapabilityMissing, CheckFailed, ConfigError, FerryError
from trainferry.findings import worst_first
from trainferry.masking import masked_job
from trainferry.plugins import load_backend
from trainferry.progress import Progress, Report, silent
from trainferry.run import Run
from trainferry.runs import RunStore
from trainferry.setting_up import refuse_without_consent
from trainferry.silencing import Silencer
from trainferry.specs.finding import Finding, Severity
from trainferry.specs.job import Job
from trainferry.specs.plan import Action, ActionKind, Plan
from trainferry.specs.run import RunRecord, RunState

if TYPE_CHECKING:
    from trainferry.backend import Backend
    from trainferry.rehearsing import Rehearsed
    from trainferry.specs.verdict import Verdict

__all__ = ["Ferry", "Run"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""32 letters and digits that are not mistaken for one another (Crockford's base 32)."""


class Ferry:
    """Runs jobs and keeps track of them.

    >>> from trainferry import Ferry, Job
    >>> ferry = Ferry()
    >>> ferry.config.backend
    'local'

    Use it as a context manager, or call `close`, to let go of the run store.
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        backend: str | None = None,
        profile: str | None = None,
        offline: bool = False,
        interactive: bool = False,
    ) -> None:
        """Take settings as given, or read them from every source (see `load_config`) for the working folder.

        With `offline`, checks and plans ask nobody over the network, and say what they therefore don't know.
        `interactive` says that somebody is at the terminal, whom a backend may ask to log in.
        """
        self.config = config or load_config(backend=backend, profile=profile)
        self.site = self.config.site(offline=offline, interactive=interactive)
        self._backends: dict[str, Backend] = {}
        self._store: RunStore | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the run store."""
        if self._store is not None:
            self._store.close()
            self._store = None

    @property
    def store(self) -> RunStore:
        """The run store of this user, opened when it is first needed."""
        if self._store is None:
            self._store = RunStore(self.site.home)
        return self._store

    @property
    def repaired(self) -> str:
        """What had to be mended when the run store was opened; empty if nothing, or if it wasn't opened."""
        return self._store.repaired if self._store is not None else ""

    def backend(self, name: str | None = None) -> "Backend":
        """The backend of that name, or the one that the config names, loaded and configured."""
        name = name or self.config.backend
        if name not in self._backends:
            backend = load_backend(name, self.config.extensions)
            around = {extension: self.config.extension_settings(extension) for extension in backend.extensions}
            try:
                backend.configure(self.config.backend_settings(name), self.site)
                backend.configure_extensions(around, self.site)
            except ConfigError as error:
                error.where = error.where or self.config.origin(error.key)
                raise
            self._backends[name] = backend
        return self._backends[name]

    def resolve(self, job: Job, backend: str | None = None) -> Job:
        """The job as it will run: its part for the backend, then the `[job]` settings, laid over the rest."""
        own = job.for_backend(backend or self.config.backend)
        overlay = self.config.job
        if not overlay:
            return own
        from pydantic import ValidationError  # noqa: PLC0415

        try:
            return own.laid_over(overlay)
        except ValidationError as error:
            raise self._bad_overlay(error.errors()[0]) from error

    def _bad_overlay(self, problem: Any) -> ConfigError:
        from trainferry.loading.explaining import explain_setting  # noqa: PLC0415  (only for a mistake)

        message, remedy = explain_setting(problem, self.config.job)
        origin = self.config.origin(".".join(str(part) for part in ("job", *problem["loc"])))
        return ConfigError(message, where=origin, remedy=remedy or "'ferry config job' lists what is laid over jobs")

    def check(self, job: Job, report: Report = silent) -> list[Finding]:
        """Everything that can be found wrong with the job without leaving this machine, worst first.

        What a comment or the setting `ignore` silences is left out; `examine` gives that, too. `report` hears of a look
        at the source folder that takes more than a second.
        """
        return self.examine(job, report)[0]

    def examine(self, job: Job, report: Report = silent) -> tuple[list[Finding], list[Finding]]:
        """The findings of `check`, and those that are silenced."""
        return self._split(self.findings_of(self.resolve(job), report))

    def findings_of(self, resolved: Job, report: Report = silent) -> list[Finding]:
        """Every finding about a job that the settings were laid over, silenced or not."""
        from trainferry.checks import run_checks  # noqa: PLC0415  (following a run needs none of it)

        target = None
        with suppress(CapabilityMissing):
            target = self.backend().rehearsal_rules(resolved)
        own = run_checks(resolved, self.site, target, report)
        return worst_first([*resolved.origin.findings, *own, *self.backend().check(resolved, self.site)])

    def _split(self, findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
        return Silencer(self.config.ignore).split(findings)

    def plan(self, job: Job, report: Report = silent) -> Plan:
        """What running the job would do, step by step, and all that the checks found; nothing is changed anywhere."""
        resolved = self.resolve(job)
        findings, silenced = self._split(self.findings_of(resolved, report))
        if any(finding.severity is Severity.ERROR for finding in findings):
            plan = Plan(run_id=new_run_id(job), backend=self.config.backend, job=resolved)
        else:
            plan = self.plan_resolved(resolved)
        more, also = self._split([*plan.findings, *self._unknown_offline(plan)])
        return plan.model_copy(
            update={"findings": tuple(worst_first([*findings, *more])), "silenced": (*silenced, *also)}
        )

    def plan_resolved(self, resolved: Job) -> Plan:
        """The backend's plan for a job that the settings were laid over.

        Offline, a backend that would have to ask isn't called: the plan is what the last one said of the target.
        """
        from trainferry import last_plan  # noqa: PLC0415  (following a run needs none of it)

        backend, run_id = self.backend(), new_run_id(resolved)
        if self.site.offline and not backend.plans_offline:
            return last_plan.recall(self.site, self.config.backend, resolved, run_id)
        plan = backend.plan(resolved, run_id)
        if not backend.remote or self.site.offline:
            return plan
        last_plan.keep(self.site, plan)
        return last_plan.asked_now(plan)

    def _unknown_offline(self, plan: Plan) -> list[Finding]:
        if not (self.site.offline and self.backend().remote):
            return []
        from trainferry.dry_run import offline_finding  # noqa: PLC0415  (most plans are made online)

        return [offline_finding(plan.job, plan)]

    def dry_run(self, job: Job, *, rehearse: bool = True, report: Report = silent) -> "Verdict":
        """Check, resolve, plan and rehearse the job: whether it would run on the backend, as far as can be told here.

        Nothing is changed at the target. Raises ConfigError for settings that don't fit; whatever is wrong with the job
        is a finding of the verdict.
        """
        from trainferry.dry_run import DryRun  # noqa: PLC0415  (following a run needs none of it)

        return DryRun(self, job, report).verdict(rehearse=rehearse)

    def rehearse(self, job: Job, report: Report = silent) -> "Rehearsed":
        """Run the real script on a sample of the data, here, under the rules of the backend; what came of it.

        Nothing is checked before; findings that are silenced are left out.
        """
        from trainferry.rehearsing import rehearse  # noqa: PLC0415  (following a run needs none of it)

        result = rehearse(self, job, report=report)
        return result.without(self._split(result.findings)[1])

    def run(self, job: Job, report: Report = silent) -> Run:
        """Check, plan and submit; returns once the backend has taken the job. CheckFailed if anything is an error."""
        return self.submit(self.plan(job, report), report)

    def submit(self, plan: Plan, report: Report = silent) -> Run:
        """Apply a plan; doing so twice makes one run. The intent is stored before the first action, its ref after."""
        if plan.errors:
            raise CheckFailed(
                f"{len(plan.errors)} error{'s' if len(plan.errors) > 1 else ''} found; nothing was submitted",
                list(plan.findings),
            )
        refuse_without_consent(plan)
        backend = self.backend(plan.backend)
        if self.site.offline and backend.remote:
            raise FerryError("offline, nothing can be submitted", remedy="leave out --offline, or offline=True")
        record = self.store.add(intent(plan))
        if record.ref is not None:
            return Run(self, record)
        try:
            ref = self._apply(backend, plan.actions, report)
        except BaseException as error:
            self._give_up(record, error)
            raise
        _, record = self.store.update(record.id, ref=ref, state=RunState.QUEUED)
        backend.run_changed(record, RunState.PREPARING, RunState.QUEUED)
        return Run(self, record)

    def prepare(self, plan: Plan, report: Report = silent) -> None:
        """Apply everything of a plan but the submit: the once-only set-up, such as the environment.

        To be called with what the user has seen: it applies the actions that need consent, too.
        """
        self._apply(self.backend(plan.backend), [a for a in plan.actions if a.kind is not ActionKind.SUBMIT], report)

    @staticmethod
    def _apply(backend: "Backend", actions: Sequence[Action], report: Report) -> str | None:
        ref = None
        for number, action in enumerate(actions):
            report(Progress(action.summary, number, len(actions), "step"))
            ref = backend.apply(action, report).ref or ref
        return ref

    def _give_up(self, record: RunRecord, error: BaseException) -> None:
        """Store how a submit ended that didn't finish: taken by the target all the same, failed, or interrupted."""
        with suppress(FerryError):
            backend = self.backend(record.backend)
            if recovery.recover(self.store, backend, record).ref is not None:
                return
            state = RunState.FAILED if isinstance(error, Exception) else RunState.CANCELED
            reason = f"not submitted: {reason_of(error)}"
            old, new = self.store.update(record.id, state=state, reason=reason, ended=time.time())
            recovery.tell(backend, old, new)

    def get(self, run_id: str) -> Run:
        """The run of that id, or of the only id that starts with it, or `latest`."""
        return Run(self, self.store.get(run_id))

    def runs(
        self,
        *,
        experiment: str | None = None,
        backend: str | None = None,
        limit: int | None = None,
        refresh: bool = True,
        unanswered: Callable[[recovery.Unanswered], None] = recovery.warn,
    ) -> list[Run]:
        """The runs that fit, newest first; with `refresh`, each backend is asked once for those that had not ended.

        The runs of a backend that can't be asked come as they were last known, and `unanswered` is told so; left out,
        a RunsWarning says it.
        """
        records = self.store.list(experiment=experiment, backend=backend, limit=limit)
        if refresh:
            records = recovery.refresh(self.store, self.backend, records, unanswered)
        return [Run(self, record) for record in records]

    def adopt(self, *, experiment: str | None = None, backend: str | None = None) -> list[Run]:
        """Take over the runs that the target knows and this store doesn't, made on other machines; returns those."""
        name = backend or self.config.backend
        return [Run(self, record) for record in adopt(self.store, self.backend(name), experiment)]

    def forget(self, run_id: str) -> None:
        """Remove a run from the store, and the files of it that were fetched into the user's state."""
        from shutil import rmtree  # noqa: PLC0415

        rmtree(self.site.home / "files" / run_id, ignore_errors=True)
        self.store.remove(run_id)

    def refresh(self, records: Iterable[RunRecord]) -> list[RunRecord]:
        """The records brought up to date: one poll for each backend, and interrupted submits recovered.

        Raises what a backend that can't be asked raises.
        """
        return recovery.refresh(self.store, self.backend, list(records))

    def price_of(self, job: Job) -> float | None:
        """Price of one node for one hour on the configured backend, where it is known."""
        with suppress(CapabilityMissing):
            price = self.backend().price(job.compute)
            return price.per_hour if price else None
        return None


def intent(plan: Plan) -> RunRecord:
    """The record of a run before anything is done for it: enough to find it again if this process is killed."""
    return RunRecord(
        id=plan.run_id,
        backend=plan.backend,
        experiment=plan.job.experiment_name,
        job=masked_job(plan.job),
        folder=str(plan.job.folder),
        created=time.time(),
        snapshot=plan.snapshot,
        client=recovery.this_client(),
        price_per_hour=plan.price.per_hour if plan.price else None,
        currency=plan.price.currency if plan.price else "USD",
    )


def new_run_id(job: Job) -> str:
    """A new id: the job's name and six random letters or digits, one in a thousand million."""
    return f"{job.name.lower()}-{''.join(_ALPHABET[byte % 32] for byte in os.urandom(6))}"


def reason_of(error: BaseException) -> str:
    """One line on what stopped something."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return error.message if isinstance(error, FerryError) else f"{type(error).__name__}: {error}"
