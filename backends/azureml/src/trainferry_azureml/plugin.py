"""The Azure ML backend as a plugin: each hook hands over to the module that does the work; importing it is light."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainferry.hookspecs import hookimpl
from trainferry.progress import Report, silent

if TYPE_CHECKING:
    from trainferry.checks.rules import Rule
    from trainferry.results import FileEntry, FoundRun, LogChunk
    from trainferry.site import Site
    from trainferry.specs.compute import ComputeSpec
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job
    from trainferry.specs.plan import Action, ActionResult, Plan, Price, Quota
    from trainferry.specs.rehearsal import RehearsalRules
    from trainferry.specs.run import RunStatus
    from trainferry_azureml.sdk.acts import Sdk
    from trainferry_azureml.session import Session
    from trainferry_azureml.settings import AzureMLSettings


class AzureMLBackend:
    """Runs jobs on an Azure Machine Learning cluster, with the data mounted from the workspace's storage."""

    interface_version = 1

    @hookimpl
    def settings_model(self) -> "type[AzureMLSettings]":
        """The settings `[backends.azureml]`."""
        from trainferry_azureml.settings import AzureMLSettings

        return AzureMLSettings

    @hookimpl
    def configure(self, settings: "AzureMLSettings", site: "Site") -> bool:
        """Take settings and folders; nothing is made, and nobody is asked, yet."""
        self._settings = settings
        self._site = site
        self._opened: Session | None = None
        self._acts: Sdk | None = None
        return True

    @property
    def _session(self) -> "Session":
        if self._opened is None:
            from trainferry_azureml.session import Session

            self._opened = Session(self._settings, self._site)
        return self._opened

    @property
    def _sdk(self) -> "Sdk":
        if self._acts is None:
            from trainferry_azureml.sdk.acts import Sdk

            self._acts = Sdk(self._session)
        return self._acts

    @hookimpl
    def check(self, job: "Job") -> "Iterable[Finding]":
        """What is wrong with the job for Azure, as far as this machine can tell."""
        from trainferry_azureml.checking import offline_findings
        from trainferry_azureml.checks import settings_findings

        return [*offline_findings(job), *settings_findings(job, self._settings, self._site)]

    @hookimpl
    def plan(self, job: "Job", run_id: str) -> "Plan":
        """Workspace, cluster, environment, datasets, submit; each reused where it can be."""
        from trainferry_azureml.planning import make_plan

        with self._session.looking():
            return make_plan(job, run_id, self._session)

    @hookimpl
    def apply(self, action: "Action", report: Report) -> "ActionResult":
        """Carry out one action; what is there already is taken."""
        from trainferry.specs.plan import ActionKind, ActionResult
        from trainferry_azureml.support import told

        if action.kind is ActionKind.SUBMIT:
            from trainferry_azureml.submit.submitting import submit

            told(self._session.home)
            return ActionResult(ref=submit(action, self._session, self._sdk, report))
        return ActionResult(details=self._prepare(action, report))

    def _prepare(self, action: "Action", report: Report) -> dict[str, Any]:
        from trainferry.specs.plan import ActionKind

        kind, session = action.resource.partition(":")[0], self._session
        if action.kind is ActionKind.REUSE:
            return {}
        if kind == "dataset":
            from trainferry_azureml.inputs.bringing import bring

            return bring(action, session, report)
        if kind == "environment":
            from trainferry_azureml.environment.building import build_environment

            build_environment(action.payload, session, self._sdk, report)
        elif kind == "compute":
            from trainferry.specs.compute import ComputeSpec
            from trainferry_azureml.compute.creating import create_compute

            create_compute(ComputeSpec.model_validate(action.payload["compute"]), session, self._sdk, report)
        elif kind == "workspace":
            from trainferry_azureml.workspace.creating import create_workspace

            create_workspace(action, session, self._sdk, report)
        return {}

    @hookimpl
    def poll(self, refs: Sequence[str]) -> "Mapping[str, RunStatus]":
        """How runs stand: one request for all runs of an experiment."""
        from trainferry_azureml.watch.polling import poll

        return poll(self._session, refs)

    @hookimpl
    def read_log(self, ref: str, cursor: str | None) -> "LogChunk":
        """The log from the cursor on."""
        return self._session.logs.read(ref, cursor)

    @hookimpl
    def cancel(self, ref: str) -> bool:
        """End the run; returns when Azure says that it has ended."""
        from trainferry_azureml.watch.canceling import cancel

        cancel(self._session, ref)
        return True

    @hookimpl
    def list_files(self, ref: str) -> "Sequence[FileEntry]":
        """What the run has written so far."""
        from trainferry_azureml.watch.artifacts import list_files

        return list_files(self._session, ref)

    @hookimpl
    def fetch(self, ref: str, files: Sequence[str], destination: Path, report: Report) -> Sequence[Path]:
        """Bring files of the run."""
        from trainferry_azureml.watch.artifacts import fetch

        return fetch(self._session, ref, files, destination, report)

    @hookimpl
    def metrics(self, ref: str) -> Sequence[Mapping[str, float]]:
        """What the run logged through Azure's own interface."""
        from trainferry_azureml.watch.metrics import read_metrics

        return read_metrics(self._session, ref)

    @hookimpl
    def portal_url(self, ref: str) -> str:
        """The run's page in Azure ML studio."""
        from trainferry_azureml.watch.portal import portal_url

        return portal_url(self._session, ref)

    @hookimpl
    def find_runs(self, experiment: str | None, run_id: str | None) -> "Sequence[FoundRun]":
        """The runs of the workspace that carry a run id of ours."""
        from trainferry_azureml.watch.polling import find_runs

        return find_runs(self._session, experiment, run_id)

    @hookimpl
    def price(self, compute: "ComputeSpec") -> "Price | None":
        """List price of one node for an hour: an estimate."""
        from trainferry_azureml.compute.prices import price_of

        return price_of(compute)

    @hookimpl
    def quota(self, compute: "ComputeSpec") -> "Quota | None":
        """The quota that the cluster counts against."""
        from trainferry_azureml.compute.limits import quota_of

        with self._session.looking():
            return quota_of(compute, self._session, self._session.workspace())

    @hookimpl
    def tear_down(self, resource: str) -> bool:
        """Remove what `ferry up` made."""
        from trainferry_azureml.removing import tear_down

        tear_down(resource, self._session, self._sdk, silent)
        return True

    @hookimpl
    def rehearsal_rules(self, job: "Job") -> "RehearsalRules":
        """What a script meets on a node."""
        from trainferry_azureml.environment.image_variables import image_variables
        from trainferry_azureml.rules import rehearsal_rules

        return rehearsal_rules(job.compute.size, image_variables(job))

    @hookimpl
    def rules(self) -> "Mapping[str, Rule]":
        """What the findings of this backend mean."""
        from trainferry_azureml.explained import RULES

        return RULES

    @hookimpl
    def diagnose(self) -> "Iterator[Finding]":
        """Try login, workspace and storage."""
        from trainferry_azureml.doctor import diagnose

        yield from diagnose(self._session)
