"""The Ray backend as a plugin: each hook hands over to the module that does the work. Importing this stays light."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.hookspecs import hookimpl
from trainferry.progress import Report

if TYPE_CHECKING:
    from trainferry.checks.rules import Rule
    from trainferry.results import FileEntry, FoundRun, LogChunk
    from trainferry.site import Site
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job
    from trainferry.specs.plan import Action, ActionResult, Plan
    from trainferry.specs.rehearsal import RehearsalRules
    from trainferry.specs.run import RunStatus
    from trainferry_ray.settings import RaySettings


class RayBackend:
    """Runs jobs on a Ray cluster: one that is there, by its address, or one of its own on this machine."""

    interface_version = 1

    @hookimpl
    def settings_model(self) -> "type[RaySettings]":
        """The settings `[backends.ray]`."""
        from trainferry_ray.settings import RaySettings

        return RaySettings

    @hookimpl
    def configure(self, settings: "RaySettings", site: "Site") -> bool:
        """Take settings and folders; nothing is started or asked yet."""
        from trainferry_ray.target import Targets

        self._settings = settings
        self._site = site
        self._targets = Targets(site, settings)
        return True

    @hookimpl
    def plan(self, job: "Job", run_id: str) -> "Plan":
        """Start or reuse the cluster, build or reuse the environment, upload data, submit."""
        from trainferry_ray.planning import make_plan

        return make_plan(job, run_id, self._settings, self._targets.current)

    @hookimpl
    def apply(self, action: "Action", report: Report) -> "ActionResult":
        """Carry out one of these."""
        from trainferry_ray.applying import apply

        return apply(action, self._targets, self._site, self._settings, report)

    @hookimpl
    def poll(self, refs: Sequence[str]) -> "Mapping[str, RunStatus]":
        """How runs stand; each cluster is asked once for all of its runs."""
        from trainferry_ray.watching import poll

        return poll(self._targets, refs)

    @hookimpl
    def read_log(self, ref: str, cursor: str | None) -> "LogChunk":
        """The log from the cursor on."""
        from trainferry_ray.logs import read_log
        from trainferry_ray.watching import find

        target, own, status = find(self._targets, ref)
        return read_log(target, own, cursor, ended=status.state.final)

    @hookimpl
    def cancel(self, ref: str) -> bool:
        """End the run; returns when every process of it is gone."""
        from trainferry_ray.canceling import cancel
        from trainferry_ray.watching import find

        target, own, status = find(self._targets, ref)
        if not status.state.final:
            cancel(target, own)
        return True

    @hookimpl
    def list_files(self, ref: str) -> "Sequence[FileEntry]":
        """What the run has written so far."""
        from trainferry_ray.files import list_files
        from trainferry_ray.watching import find

        target, own, _ = find(self._targets, ref)
        return list_files(target, own)

    @hookimpl
    def fetch(self, ref: str, files: Sequence[str], destination: Path, report: Report) -> Sequence[Path]:
        """Bring files of the run to this machine."""
        from trainferry_ray.files import fetch
        from trainferry_ray.watching import find

        target, own, _ = find(self._targets, ref)
        return fetch(target, own, files, destination, report)

    @hookimpl
    def portal_url(self, ref: str) -> str | None:
        """The run's page on Ray's dashboard, while the cluster runs."""
        from trainferry_ray.watching import find

        target, own, _ = find(self._targets, ref)
        address = target.dashboard
        return f"{address}/#/jobs/{own.run_id}" if address else None

    @hookimpl
    def find_runs(self, experiment: str | None, run_id: str | None) -> "Sequence[FoundRun]":
        """The runs at the cluster that the settings name."""
        from trainferry_ray.watching import find_runs

        return find_runs(self._targets.current, experiment, run_id)

    @hookimpl
    def tear_down(self, resource: str) -> bool:
        """Stop the cluster on this machine, or remove an environment on it; one by address is not ours to stop."""
        from trainferry_ray.applying import tear_down

        return tear_down(resource, self._targets)

    @hookimpl
    def rehearsal_rules(self) -> "RehearsalRules":
        """What a script meets on a node."""
        from trainferry.specs.rehearsal import RehearsalRules
        from trainferry_ray.packing import LARGEST

        return RehearsalRules(snapshot_bytes=LARGEST)

    @hookimpl
    def rules(self) -> "Mapping[str, Rule]":
        """What the findings of this backend mean."""
        from trainferry_ray.rules import RULES

        return RULES

    @hookimpl
    def diagnose(self) -> "Iterator[Finding]":
        """What this machine or the cluster lacks."""
        from trainferry_ray.doctor import diagnose

        yield from diagnose(self._targets.current, self._settings)
