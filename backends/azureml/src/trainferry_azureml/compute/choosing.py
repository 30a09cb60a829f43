"""Which cluster a job gets: the one that is there, if it fits, or a new one, if size, region and quota allow it."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainferry.specs.plan import Action, ActionKind
from trainferry_azureml.compute.limits import size_findings
from trainferry_azureml.compute.reading import find_cluster
from trainferry_azureml.findings import finding, place

if TYPE_CHECKING:
    from trainferry.specs.compute import ComputeSpec
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job
    from trainferry_azureml.compute.reading import Cluster
    from trainferry_azureml.session import Session
    from trainferry_azureml.workspace.opening import Workspace

_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]{1,30}[A-Za-z0-9])")
"""For clusters, from Microsoft's "Naming rules and restrictions": 3 to 32 letters, digits, hyphens; a letter first."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a plan does about compute."""

    action: Action | None
    findings: "tuple[Finding, ...]" = ()


def choose_compute(job: "Job", session: "Session", workspace: "Workspace | None") -> Chosen:
    """Reuse, create, or say why neither will do. `workspace` is None while it is still to be created. Reads only."""
    spec = job.compute
    bad = name_findings(job)
    if bad or spec.name is None:
        return Chosen(None, tuple(bad))
    there = find_cluster(session, workspace, spec.name) if workspace is not None else None
    if there is not None and there.state.lower() != "deleting":
        return _reuse(job, there)
    return _create(job, session, workspace)


def name_findings(job: "Job") -> "list[Finding]":
    """What is wrong with the cluster's name; needs nobody but the job."""
    name = job.compute.name
    if name is None:
        text = "the job names no cluster, and Azure ML runs it on one"
        remedy = "add to the job file: compute: {name: gpu-cluster, size: Standard_NC4as_T4_v3}"
        return [finding("compute-unnamed", "error", text, remedy, place(job, "compute"))]
    if not _NAME.fullmatch(name):
        text = f"'{name}' can't name a cluster on Azure"
        remedy = "3 to 32 letters, digits and hyphens; a letter first, no hyphen last; no underscore"
        return [finding("compute-name", "error", text, remedy, place(job, "compute", "name"))]
    return []


def _action(kind: ActionKind, spec: "ComputeSpec", summary: str) -> Action:
    return Action(kind=kind, resource=f"compute:{spec.name}", summary=summary, payload={"compute": spec.to_data()})


def _reuse(job: "Job", cluster: "Cluster") -> Chosen:
    spec, found = job.compute, []
    here = place(job, "compute")
    if cluster.kind.lower() != "amlcompute":
        text = f"'{cluster.name}' is a compute target of the kind {cluster.kind}, not a cluster"
        found.append(finding("compute-kind", "error", text, "choose another name in compute.name", here))
    if spec.size and cluster.size.lower() != spec.size.lower():
        text = f"the cluster '{cluster.name}' has nodes of the size {cluster.size}, the job asks for {spec.size}"
        remedy = f"take another compute.name, or write size: {cluster.size}; 'ferry down JOB' removes the cluster"
        found.append(finding("compute-size-differs", "error", text, remedy, place(job, "compute", "size")))
    if cluster.max_nodes < job.nodes:
        text = f"the job takes {job.nodes} nodes, and the cluster '{cluster.name}' grows to {cluster.max_nodes}"
        remedy = "take another compute.name, or fewer distribution.nodes"
        found.append(finding("compute-too-small", "error", text, remedy, place(job, "distribution", "nodes")))
    if cluster.state.lower() == "failed":
        text = f"the cluster '{cluster.name}' could not be made: {'; '.join(cluster.errors) or 'Azure says no more'}"
        found.append(finding("compute-failed", "error", text, "'ferry down JOB' removes it; then run again", here))
    found += _differences(job, cluster)
    summary = f"reuse the cluster {cluster.name} ({cluster.size}, {cluster.min_nodes} to {cluster.max_nodes} nodes)"
    return Chosen(_action(ActionKind.REUSE, spec, summary), tuple(found))


def _differences(job: "Job", cluster: "Cluster") -> "list[Finding]":
    """What the job asks for and the cluster has otherwise, where the job runs all the same."""
    spec = job.compute
    asked = {"priority": (spec.priority, cluster.priority), "min_nodes": (spec.min_nodes, cluster.min_nodes)}
    asked["max_nodes"] = (spec.max_nodes, cluster.max_nodes)
    given = spec.model_fields_set
    parts = [
        f"{key} {theirs} instead of {ours}" for key, (ours, theirs) in asked.items() if key in given and ours != theirs
    ]
    if not parts:
        return []
    text = f"the cluster '{cluster.name}' is there already, with {', '.join(parts)}; it stays as it is"
    return [finding("compute-differs", "note", text, "", place(job, "compute"))]


def _create(job: "Job", session: "Session", workspace: "Workspace | None") -> Chosen:
    spec = job.compute
    if spec.size is None:
        text = f"there is no cluster '{spec.name}', and the job doesn't say which size to create it with"
        remedy = "add compute.size to the job file, such as Standard_NC4as_T4_v3"
        return Chosen(None, (finding("compute-unsized", "error", text, remedy, place(job, "compute")),))
    found = size_findings(job, session, workspace)
    nodes = f"{spec.min_nodes} to {spec.max_nodes} nodes"
    low = ", low priority" if spec.priority == "low" else ""
    summary = f"create the cluster {spec.name} ({spec.size}, {nodes}{low}; idle nodes go after {spec.idle_seconds} s)"
    if spec.min_nodes:
        text = f"min_nodes: {spec.min_nodes} keeps nodes running, and paid for, until 'ferry down' removes the cluster"
        found.append(finding("compute-always-on", "warning", text, "min_nodes: 0", place(job, "compute", "min_nodes")))
    if spec.max_nodes < job.nodes:
        text = f"the job takes {job.nodes} nodes, and compute.max_nodes is {spec.max_nodes}"
        found.append(
            finding("compute-too-small", "error", text, f"max_nodes: {job.nodes}", place(job, "compute", "max_nodes"))
        )
    return Chosen(_action(ActionKind.CREATE, spec, summary), tuple(found))
