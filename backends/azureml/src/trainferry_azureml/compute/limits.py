"""Whether a region would give a new cluster: its size, and enough quota for it."""

import re
from typing import TYPE_CHECKING

from trainferry.errors import BackendError
from trainferry.specs.plan import Quota
from trainferry_azureml.compute.reading import offered_sizes, usages
from trainferry_azureml.compute.words import ending, no_quota, not_offered, retired
from trainferry_azureml.findings import finding, place

if TYPE_CHECKING:
    from trainferry.specs.compute import ComputeSpec
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job
    from trainferry_azureml.compute.reading import OfferedSize, Usage
    from trainferry_azureml.session import Session
    from trainferry_azureml.workspace.opening import Workspace

_LOW_PRIORITY = "Total Cluster LowPriority Regional vCPUs"
"""The one limit that all low-priority nodes of a region count against, as Azure names it."""


def size_findings(job: "Job", session: "Session", workspace: "Workspace | None") -> "list[Finding]":
    """Errors for a size that no longer is, isn't offered in the region, or has no quota; one of them, the first."""
    spec, here = job.compute, place(job, "compute", "size")
    old = retired(str(spec.size))
    if old:
        return [finding("compute-retired", "error", *old, here)]
    soon = ending(str(spec.size))
    told = [finding("compute-ending", "warning", *soon, here)] if soon else []
    return told + (_offer_findings(job, session, workspace) if workspace is not None else [])


def _offer_findings(job: "Job", session: "Session", workspace: "Workspace") -> "list[Finding]":
    spec, here = job.compute, place(job, "compute", "size")
    region = region_of(spec, workspace)
    try:
        sizes = offered_sizes(session, workspace, region)
        if not any(one.name.lower() == str(spec.size).lower() for one in sizes):
            return [finding("compute-not-offered", "error", *not_offered(str(spec.size), region, sizes), here)]
        quota = quota_of(spec, session, workspace)
    except BackendError as error:  # not being allowed to look is no reason not to try
        text = f"sizes and quota of the region {region} are out of sight: {error.message}"
        return [finding("compute-unknown-quota", "warning", text, error.remedy, here)]
    if quota is not None and quota.used + quota.needed > quota.limit:
        return [finding("compute-no-quota", "error", *no_quota(spec, region, quota, cores_of(spec, sizes)), here)]
    return []


def region_of(spec: "ComputeSpec", workspace: "Workspace") -> str:
    """The region that a cluster would be in, as Azure writes it in addresses: small, without spaces."""
    return (spec.region or workspace.region).lower().replace(" ", "")


def cores_of(spec: "ComputeSpec", sizes: "list[OfferedSize]") -> int:
    """Cores of one node of a size; 0 if the region doesn't offer it."""
    return next((one.cores for one in sizes if one.name.lower() == str(spec.size).lower()), 0)


def quota_of(spec: "ComputeSpec", session: "Session", workspace: "Workspace") -> Quota | None:
    """Use and limit of the quota that a cluster counts against, and what it would take; None where nobody knows.

    A cluster's cores count from the start up to its `max_nodes`: Azure refuses one that could outgrow the quota.
    """
    region = region_of(spec, workspace)
    sizes = offered_sizes(session, workspace, region)
    size = next((one for one in sizes if one.name.lower() == str(spec.size).lower()), None)
    if size is None:
        return None
    wanted = _LOW_PRIORITY if spec.priority == "low" else size.family
    usage = usage_of(wanted, usages(session, workspace, region))
    if usage is None:
        return None
    return Quota(family=usage.family, used=usage.used, limit=usage.limit, needed=size.cores * spec.max_nodes)


def usage_of(family: str, listed: "list[Usage]") -> "Usage | None":
    """The usage of a family among those listed, whatever Azure's lists call it; None if it isn't among them."""
    wanted = _key(family)
    return next((one for one in listed if wanted and _key(one.family) == wanted), None)


def _key(family: str) -> str:
    """A family's name without what differs between Azure's own lists of it."""
    plain = re.sub(r"[^a-z0-9]", "", family.lower())
    return re.sub(r"standard|family|cluster|dedicated|vcpus|cores", "", plain)
