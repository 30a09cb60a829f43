"""What a job would take on this machine: the actions, in order, and what the job asks for that means nothing here."""

from pathlib import Path

from trainferry.site import Site
from trainferry.snapshot import Snapshot
from trainferry.specs.finding import Finding, Severity
from trainferry.specs.job import Job
from trainferry.specs.plan import Action, ActionKind, Plan
from trainferry.staging import snapshot_of
from trainferry_local.environments import environment_of
from trainferry_local.isolation import Isolation, covers
from trainferry_local.settings import LocalSettings

NAME = "local"


def make_plan(job: Job, run_id: str, site: Site, settings: LocalSettings, isolation: Isolation) -> Plan:
    """The plan of one run; reads names, sizes and contents, changes nothing."""
    snapshot = snapshot_of(job)
    findings = [*snapshot.problems, *findings_of(job), *isolation_findings(job, site, settings, isolation)]
    blocked = any(finding.severity is Severity.ERROR for finding in findings)
    fingerprint = None if blocked else snapshot.fingerprint()
    actions = [] if job.environment.current else [_environment_action(job, site)]
    actions.append(_submit_action(job, run_id, snapshot, fingerprint))
    return Plan(
        run_id=run_id, backend=NAME, job=job, actions=tuple(actions), findings=tuple(findings), snapshot=fingerprint
    )


def _environment_action(job: Job, site: Site) -> Action:
    environment = environment_of(job.environment, site.cache, job.folder)
    payload = {"environment": job.environment.to_data(), "folder": str(job.folder)}
    resource, count = f"environment:{environment.name}", len(environment.packages)
    if environment.complete:
        summary = f"reuse the environment {environment.name}, built before with the same content"
        return Action(kind=ActionKind.REUSE, resource=resource, summary=summary, payload=payload)
    plural = "" if count == 1 else "s"
    summary = f"build the environment {environment.name} with Python {environment.version} and {count} package{plural}"
    return Action(kind=ActionKind.BUILD, resource=resource, summary=summary, payload=payload)


def _submit_action(job: Job, run_id: str, snapshot: Snapshot, fingerprint: str | None) -> Action:
    return Action(
        kind=ActionKind.SUBMIT,
        resource=f"run:{run_id}",
        summary=f"start {job.script} on this machine",
        bytes=snapshot.bytes,
        files=len(snapshot.files),
        payload={"run_id": run_id, "job": job.to_data(), "folder": str(job.folder), "snapshot": fingerprint},
    )


def findings_of(job: Job) -> list[Finding]:
    """What the job asks for that this machine can't give, or doesn't need."""
    found = []
    if job.environment.conda:
        packages = ", ".join(job.environment.conda)
        found.append(
            _finding("conda-not-local", "warning", f"the local backend installs no conda packages ({packages})")
        )
    for name, dataset in job.datasets.items():
        if dataset.path is None:
            text = f"the dataset '{name}' is in the cloud; the local backend needs a local path"
            remedy = (
                f"lay a copy over it for this backend: backends: {{local: {{datasets: {{{name}: {{path: ...}}}}}}}}"
            )
            found.append(_finding("dataset-not-local", "error", text, remedy))
    if ignored := _ignored(job):
        text = f"on this machine these mean nothing and are ignored: {', '.join(ignored)}"
        found.append(_finding("ignored-locally", "note", text))
    return found


def _ignored(job: Job) -> list[str]:
    environment, compute = job.environment, job.compute
    wanted = {
        "environment.image": environment.image,
        "environment.dockerfile": environment.dockerfile,
        "environment.curated": environment.curated,
        "compute": compute.name or compute.size or compute.region,
    }
    return [key for key, value in wanted.items() if value]


def isolation_findings(job: Job, site: Site, settings: LocalSettings, isolation: Isolation) -> list[Finding]:
    """What the script will see that it should not, and what is asked for that the system doesn't allow."""
    if settings.isolation == "off":
        return []
    if obstacle := isolation.obstacle():
        text = f"this system allows no isolation ({obstacle})"
        if settings.isolation == "require":
            return [
                _finding("isolation-refused", "error", text, "allow user namespaces, or set backends.local.isolation")
            ]
        what = f"{text}: the script sees the whole disk, and mounted datasets are read-only copies"
        return [] if isolation.told else [_finding("isolation-missing", "warning", what, "this is said once")]
    _, wide = covers(job.source_folder, site.project)
    return [_too_wide(path) for path in wide]


def _too_wide(path: Path) -> Finding:
    text = f"{path} is too wide to be hidden from the script: your home or temporary folder lies in it"
    return _finding("source-too-wide", "warning", text, "give the job a folder of its own")


def _finding(rule: str, severity: str, message: str, remedy: str = "") -> Finding:
    return Finding(id=rule, severity=Severity(severity), message=message, remedy=remedy)
