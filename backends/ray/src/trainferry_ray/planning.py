"""What a job would take on a Ray cluster: the actions, in order, and what the job asks for that means nothing there."""

import os
from collections.abc import Iterator

from trainferry.snapshot import Snapshot, list_snapshot
from trainferry.specs.finding import Finding, Severity
from trainferry.specs.job import Job
from trainferry.specs.plan import Action, ActionKind, Plan
from trainferry_ray.content import files_of
from trainferry_ray.data import travelling
from trainferry_ray.packing import LARGEST
from trainferry_ray.requests import environment_of
from trainferry_ray.resources import Resources, parse_size, resources_of
from trainferry_ray.settings import RaySettings
from trainferry_ray.target import Target

NAME = "ray"
OWN_CLUSTER = "cluster:own"
"""The resource that `ferry up` makes and `ferry down` removes: a cluster on this machine."""


def snapshot_of(job: Job) -> Snapshot:
    """What of the job's source folder travels; its datasets reach the script in their own way."""
    local = [job.dataset_path(name) for name in job.datasets]
    return list_snapshot(job.source_folder, without=[path for path in local if path is not None])


def make_plan(job: Job, run_id: str, settings: RaySettings, target: Target) -> Plan:
    """The plan of one run. Reads this machine and the cluster's list of nodes; changes nothing."""
    snapshot = snapshot_of(job)
    findings = [*snapshot.problems, *_of_job(job, snapshot), *_of_cluster(job, settings, target)]
    blocked = any(finding.severity is Severity.ERROR for finding in findings)
    fingerprint = None if blocked else snapshot.fingerprint()
    actions = [*_set_up(job, settings, target), *([] if blocked else _uploads(job, target))]
    actions.append(_submit(job, run_id, snapshot, fingerprint, target))
    return Plan(
        run_id=run_id, backend=NAME, job=job, actions=tuple(actions), findings=tuple(findings), snapshot=fingerprint
    )


def _set_up(job: Job, settings: RaySettings, target: Target) -> Iterator[Action]:
    if target.own is None:
        return
    if target.own.record():
        yield Action(kind=ActionKind.REUSE, resource=OWN_CLUSTER, summary="reuse the Ray cluster on this machine")
    else:
        nodes = "one node" if settings.nodes == 1 else f"{settings.nodes} nodes"
        yield Action(
            kind=ActionKind.CREATE, resource=OWN_CLUSTER, summary=f"start a Ray cluster of {nodes} on this machine"
        )
    if job.environment.current:
        return
    environment = environment_of(job)
    built = environment.is_built(target.own.storage)
    count = len(environment.packages)
    words = f"with Python {environment.version} and {count} package{'' if count == 1 else 's'}"
    yield Action(
        kind=ActionKind.REUSE if built else ActionKind.BUILD,
        resource=f"environment:{environment.name}",
        summary=f"{'reuse' if built else 'build'} the environment {environment.name} {words}",
        payload={"job": job.to_data(), "folder": str(job.folder)},
    )


def _uploads(job: Job, target: Target) -> Iterator[Action]:
    for name in travelling(job, target):
        path = job.dataset_path(name)
        files = files_of(path) if path is not None else []
        yield Action(
            kind=ActionKind.UPLOAD,
            resource=f"dataset:{name}",
            summary=f"upload the dataset {name}, unless {target.title} has that content",
            bytes=sum(size for _, size in files),
            files=len(files),
            payload={"name": name, "job": job.to_data(), "folder": str(job.folder)},
        )


def _submit(job: Job, run_id: str, snapshot: Snapshot, fingerprint: str | None, target: Target) -> Action:
    return Action(
        kind=ActionKind.SUBMIT,
        resource=f"run:{run_id}",
        summary=f"start {job.script} on {target.title}",
        bytes=snapshot.bytes,
        files=len(snapshot.files),
        payload={
            "run_id": run_id,
            "cluster": target.name,
            "job": job.to_data(),
            "folder": str(job.folder),
            "snapshot": fingerprint,
        },
    )


def _of_job(job: Job, snapshot: Snapshot) -> Iterator[Finding]:
    """What the job asks for that no Ray cluster can give, or doesn't need."""
    environment = job.environment
    if environment.conda:
        yield _finding("conda-not-ray", "warning", f"conda packages are not installed on Ray: {environment.conda}")
    for name, dataset in job.datasets.items():
        if dataset.path is None:
            text = f"the dataset '{name}' is in another cloud; the Ray backend needs a path"
            remedy = f"lay a path over it: backends: {{ray: {{datasets: {{{name}: {{path: ...}}}}}}}}"
            yield _finding("dataset-not-ray", "error", text, remedy)
    for item in environment.pip:
        if item.startswith(("./", "../", "/")) and (job.folder / item).is_dir():
            text = f"the package {item} is a folder, which does not travel"
            yield _finding("package-folder", "error", text, f"build a wheel of it: pip wheel --no-deps {item}")
    if snapshot.bytes > LARGEST:
        text = f"the source folder weighs {snapshot.bytes / 1e6:.0f} MB; Ray takes {LARGEST / 1e6:.0f} MB at most"
        yield _finding("source-too-large", "error", text, "make large files a dataset, or list them in .ferryignore")
    if ignored := _ignored(job):
        yield _finding("ignored-on-ray", "note", f"on Ray these mean nothing and are ignored: {', '.join(ignored)}")


def _ignored(job: Job) -> list[str]:
    environment, compute = job.environment, job.compute
    wanted = {
        "environment.image": environment.image,
        "environment.dockerfile": environment.dockerfile,
        "environment.curated": environment.curated,
        "compute.name": compute.name,
        "compute.region": compute.region,
        f"compute.size ({compute.size})": compute.size and parse_size(compute.size) is None,
    }
    return [key for key, value in wanted.items() if value]


def _of_cluster(job: Job, settings: RaySettings, target: Target) -> Iterator[Finding]:
    """Whether the cluster can ever give what the job takes."""
    if target.own and (other := target.own.difference()):
        text = f"the Ray cluster on this machine {other}"
        yield _finding("other-ray-cluster", "error", text, "stop it: ferry down JOB --only cluster; then run it again")
    wanted = resources_of(job, settings)
    api = target.api()
    offers = [node["resources_total"] for node in api.nodes()] if api else own_offers(settings)
    if not offers:
        return
    fitting = sum(fits(wanted, offer) for offer in offers)
    if fitting >= job.nodes:
        return
    text = (
        f"the job takes {job.nodes} node{'' if job.nodes == 1 else 's'} with {wanted} each, and of the {len(offers)}"
        f" of {target.title} {fitting} ha{'s' if fitting == 1 else 've'} that much"
    )
    if target.own:
        remedy = "ask for less with compute.size: cpus=1, or set backends.ray.nodes and node_cpus, then ferry down"
        yield _finding("no-such-node", "error", text, remedy)
    else:
        remedy = "it waits until the cluster grows; ask for less with compute.size: cpus=1 if it can't"
        yield _finding("no-such-node", "warning", text, remedy)


def own_offers(settings: RaySettings) -> list[dict[str, float]]:
    """What the nodes of a cluster on this machine will offer, once it is started; GPUs are for Ray to find."""
    one = {"CPU": float(settings.node_cpus or os.cpu_count() or 1), "GPU": float("inf"), "memory": float("inf")}
    return [one] * settings.nodes


def fits(wanted: Resources, offer: dict[str, float]) -> bool:
    """Whether a node that offers so much can give what is wanted."""
    return all(offer.get(key, 0) >= value for key, value in wanted.as_ray().items())


def _finding(rule: str, severity: str, message: str, remedy: str = "") -> Finding:
    return Finding(id=rule, severity=Severity(severity), message=message, remedy=remedy)
