"""Applying a submit: one run, however often it is applied and wherever it was interrupted."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainferry.progress import Progress, Report
from trainferry.specs.job import Job, Origin
from trainferry_azureml.inputs.bringing import version_for_run
from trainferry_azureml.submit.arguments import azure_arguments, embedded_datasets, place_on_node
from trainferry_azureml.submit.naming import METRICS_TAG, SCRIPT_TAG, TAG, Reference, azure_id
from trainferry_azureml.submit.staging import staged
from trainferry_azureml.watch.history import find_run, set_tags

if TYPE_CHECKING:
    from types import ModuleType

    from trainferry.specs.plan import Action
    from trainferry_azureml.sdk.acts import Sdk
    from trainferry_azureml.session import Session


def submit(action: "Action", session: "Session", sdk: "Sdk", report: Report) -> str:
    """Submit the run of an action, unless Azure has it already; returns its reference.

    Azure's id of the run is ours, so a repeated submit can't make a second run, and a run whose client was killed
    between any two lines is found again by that id or by its tag.
    """
    payload = action.payload
    job = Job.model_validate(payload["job"]).with_origin(Origin(folder=Path(payload["folder"])))
    workspace = session.workspace()
    run = azure_id(str(payload["run_id"]))
    reference = Reference(workspace.coordinates, job.experiment_name, run)
    tags = {**job.tags, TAG: str(payload["run_id"]), SCRIPT_TAG: job.script}
    if job.metrics:
        tags[METRICS_TAG] = job.metrics
    there = find_run(session, workspace, run)
    if there is None:
        report(Progress(f"submitting {job.script} to {job.compute.name}"))
        _submit_new(job, payload, run, session, sdk, report)
    if there is None or not tags.items() <= (there.get("tags") or {}).items():
        set_tags(session, workspace, job.experiment_name, run, tags)
    return str(reference)


def _sending() -> "ModuleType":
    """What submits through the SDK; importing it costs seconds, so it waits until something is submitted."""
    from trainferry_azureml.sdk import submission

    return submission


def _submit_new(job: Job, payload: dict[str, Any], run: str, session: "Session", sdk: "Sdk", report: Report) -> None:
    workspace = session.workspace()
    sent = sdk.act("load azureml-core", _sending)
    known = embedded_datasets(job)
    inputs = {
        name: sent.Input(
            version_for_run(name, job, payload["datasets"].get(name, {}), session).saved_id,
            spec.mode,
            place_on_node(name) if name in known else None,
        )
        for name, spec in job.datasets.items()
    }
    with staged(job, payload["snapshot"], session.site.cache / "azureml", report) as folder:
        order = sent.Order(
            run=run,
            source=folder,
            script=job.script,
            arguments=tuple(azure_arguments(job)),
            inputs=inputs,
            environment=payload["environment"],
            variables=job.environment.variables,
            compute=str(job.compute.name),
            distribution=job.distribution,
            timeout=job.timeout,
        )

        def send_it() -> str:
            return str(sent.submit(sdk.experiment(workspace.coordinates, job.experiment_name), order))

        def taken() -> str | None:
            return run if find_run(session, workspace, run) is not None else None

        sdk.act(f"submit the run {run}", send_it, taken)
