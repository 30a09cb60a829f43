"""The local backend as a plugin: each hook hands over to the module that does the work. Importing this stays light."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.hookspecs import hookimpl
from trainferry.progress import Report

if TYPE_CHECKING:
    from trainferry.checks.rules import Rule
    from trainferry.results import Evidence, FileEntry, FoundRun, LogChunk
    from trainferry.site import Site
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job
    from trainferry.specs.plan import Action, ActionResult, Plan
    from trainferry.specs.rehearsal import RehearsalRules
    from trainferry.specs.run import RunStatus
    from trainferry_local.settings import LocalSettings


class LocalBackend:
    """Runs jobs on this machine: detached from the client, queued over slots, isolated where the system allows it."""

    interface_version = 1

    @hookimpl
    def settings_model(self) -> "type[LocalSettings]":
        """The settings `[backends.local]`."""
        from trainferry_local.settings import LocalSettings

        return LocalSettings

    @hookimpl
    def configure(self, settings: "LocalSettings", site: "Site") -> bool:
        """Take settings and folders; nothing is made yet."""
        from trainferry_local.isolation import Isolation
        from trainferry_local.supervisors import Supervisors

        self._settings = settings
        self._site = site
        self._home = site.backend_home("local")
        self._isolation = Isolation(site.cache)
        self._supervisors = Supervisors(self._home, settings.slots)
        return True

    @hookimpl
    def plan(self, job: "Job", run_id: str) -> "Plan":
        """Build or reuse the environment, then start the script."""
        from trainferry_local.planning import make_plan

        return make_plan(job, run_id, self._site, self._settings, self._isolation)

    @hookimpl
    def apply(self, action: "Action", report: Report) -> "ActionResult":
        """Build an environment, or queue a run and see to it that somebody works on the queue."""
        from trainferry.specs.plan import ActionKind, ActionResult

        if action.kind is not ActionKind.SUBMIT:
            return self._build(action, report)
        from trainferry_local.submitting import Submission

        submission = Submission(action, self._site, self._settings, self._isolation)
        submission.submit(report)
        self._supervisors.start(1)
        return ActionResult(ref=submission.run.id)

    def _build(self, action: "Action", report: Report) -> "ActionResult":
        from trainferry.specs.environment import EnvironmentSpec
        from trainferry.specs.plan import ActionResult
        from trainferry_local.environments import build, environment_of

        spec = EnvironmentSpec.model_validate(action.payload["environment"])
        environment = environment_of(spec, self._site.cache, Path(action.payload["folder"]))
        build(environment, report)
        return ActionResult(details={"folder": str(environment.folder)})

    @hookimpl
    def poll(self, refs: Sequence[str]) -> "Mapping[str, RunStatus]":
        """How runs stand. If some wait and a slot is free, because a supervisor was killed, another one is started."""
        from trainferry_local.supervision.layout import Run
        from trainferry_local.watching import is_name, status_of

        found = {ref: status_of(Run(str(self._home), ref)) for ref in refs if is_name(ref)}
        self._supervisors.mend()
        return {ref: status for ref, status in found.items() if status is not None}

    @hookimpl
    def read_log(self, ref: str, cursor: str | None) -> "LogChunk":
        """The log from the cursor on."""
        from trainferry_local.logs import read_log
        from trainferry_local.watching import find

        return read_log(find(self._home, ref), cursor)

    @hookimpl
    def cancel(self, ref: str) -> bool:
        """End the run; returns when every process of it is gone."""
        from trainferry_local.canceling import cancel
        from trainferry_local.watching import find

        cancel(find(self._home, ref))
        return True

    @hookimpl
    def list_files(self, ref: str) -> "Sequence[FileEntry]":
        """What the run has written so far; it lies on this machine."""
        from trainferry_local.files import list_files
        from trainferry_local.watching import find

        return list_files(find(self._home, ref))

    @hookimpl
    def fetch(self, ref: str, files: Sequence[str], destination: Path, report: Report) -> Sequence[Path]:
        """Copy files of the run."""
        from trainferry_local.files import fetch
        from trainferry_local.watching import find

        return fetch(find(self._home, ref), files, destination, report)

    @hookimpl
    def find_runs(self, experiment: str | None, run_id: str | None) -> "Sequence[FoundRun]":
        """The runs kept on this machine."""
        from trainferry_local.watching import find_runs

        return find_runs(self._home, experiment, run_id)

    @hookimpl
    def tear_down(self, resource: str) -> bool:
        """Remove what is kept of a run that has ended."""
        from trainferry_local.removing import tear_down

        return tear_down(resource, self._home)

    @hookimpl
    def rehearsal_rules(self) -> "RehearsalRules":
        """What a script meets here."""
        from trainferry.specs.rehearsal import RehearsalRules

        isolated = self._settings.isolation != "off" and not self._isolation.obstacle()
        return RehearsalRules(mount_read_only=isolated)

    @hookimpl
    def plan_rehearsal(self, job: "Job", run_id: str, rules: "RehearsalRules") -> "Plan":
        """As `plan`, held to the rules of another target."""
        from trainferry_local.planning import make_plan
        from trainferry_local.rehearsing import as_rehearsal

        return as_rehearsal(make_plan(job, run_id, self._site, self._settings, self._isolation), rules)

    @hookimpl
    def rehearsal_evidence(self, ref: str) -> "Evidence":
        """What a rehearsal left."""
        from trainferry_local.rehearsing import evidence
        from trainferry_local.watching import find

        return evidence(find(self._home, ref))

    @hookimpl
    def rules(self) -> "Mapping[str, Rule]":
        """What the findings of this backend mean."""
        from trainferry_local.rules import RULES

        return RULES

    @hookimpl
    def diagnose(self) -> "Iterator[Finding]":
        """What this machine lacks."""
        from trainferry_local.doctor import diagnose

        yield from diagnose(self._home, self._settings)
