"""The plan of a job on Azure: workspace, cluster, environment, datasets, submit, each reused where it can be."""

from typing import TYPE_CHECKING, Any

from trainferry.errors import FerryError
from trainferry.specs.finding import Severity
from trainferry.specs.plan import Action, ActionKind, Plan
from trainferry_azureml.checking import offline_findings
from trainferry_azureml.compute.choosing import choose_compute
from trainferry_azureml.compute.prices import price_of
from trainferry_azureml.environment.choosing import choose_environment
from trainferry_azureml.findings import finding
from trainferry_azureml.inputs.choosing import choose_inputs
from trainferry_azureml.submit.limits import limit_findings, snapshot_of
from trainferry_azureml.support import support_warning
from trainferry_azureml.workspace.creating import workspace_action

if TYPE_CHECKING:
    from trainferry.snapshot import Snapshot
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job
    from trainferry_azureml.session import Session

NAME = "azureml"


def make_plan(job: "Job", run_id: str, session: "Session") -> Plan:
    """The plan of one run. Reads names, sizes, contents and the cloud; changes nothing."""
    snapshot = snapshot_of(job)
    findings = [*support_warning(session.home), *snapshot.problems, *limit_findings(snapshot), *offline_findings(job)]
    if _blocked(findings):
        return _plan(job, run_id, [], findings, None)
    actions: list[Action] = []
    environment: str | dict[str, Any] | None = None
    try:
        workspace = session.find()
        action, more = workspace_action(session, there=workspace is not None)
        actions.append(action)
        findings += more
        compute = choose_compute(job, session, workspace)
        chosen = choose_environment(job, session, workspace)
        inputs = choose_inputs(job, session, workspace)
        actions += [one for one in (compute.action, chosen.action) if one is not None]
        actions += inputs.actions
        findings += [*compute.findings, *chosen.findings, *inputs.findings]
        environment = chosen.taken
    except FerryError as error:
        findings.append(finding("azure-unusable", "error", error.message, error.remedy, error.where))
    fingerprint = None if _blocked(findings) else snapshot.fingerprint()
    datasets = {str(one.payload["name"]): one.payload for one in actions if one.resource.startswith("dataset:")}
    actions.append(_submit(job, run_id, snapshot, fingerprint, environment, datasets))
    return _plan(job, run_id, actions, findings, fingerprint)


def _blocked(findings: "list[Finding]") -> bool:
    return any(one.severity is Severity.ERROR for one in findings)


def _plan(job: "Job", run_id: str, actions: list[Action], findings: "list[Finding]", fingerprint: str | None) -> Plan:
    return Plan(
        run_id=run_id,
        backend=NAME,
        job=job,
        actions=tuple(actions),
        findings=tuple(findings),
        price=price_of(job.compute),
        snapshot=fingerprint,
    )


def _submit(
    job: "Job",
    run_id: str,
    snapshot: "Snapshot",
    fingerprint: str | None,
    environment: str | dict[str, Any] | None,
    datasets: dict[str, dict[str, object]],
) -> Action:
    nodes = f" on {job.nodes} nodes" if job.nodes > 1 else ""
    return Action(
        kind=ActionKind.SUBMIT,
        resource=f"run:{run_id}",
        summary=f"submit {job.script} to the cluster {job.compute.name}{nodes}",
        bytes=snapshot.bytes,
        files=len(snapshot.files),
        payload={
            "run_id": run_id,
            "job": job.to_data(),
            "folder": str(job.folder),
            "snapshot": fingerprint,
            "environment": environment,
            "datasets": datasets,
        },
    )
