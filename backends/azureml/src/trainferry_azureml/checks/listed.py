"""What Azure said when it was last asked, held against the job: quotas, from the kept listing. Asks nobody."""

from typing import TYPE_CHECKING

from trainferry_azureml.compute.limits import usage_of
from trainferry_azureml.compute.reading import Usage
from trainferry_azureml.findings import finding, place
from trainferry_azureml.sizes.table import find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainferry.site import Site
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job
    from trainferry_azureml.settings import AzureMLSettings

_OLD = 30 * 86400
"""Seconds after which a quota that was read tells nothing of today's."""
_LOW = "Total Cluster LowPriority Regional vCPUs"


def check(job: "Job", settings: "AzureMLSettings", site: "Site") -> "Iterator[Finding]":
    """The cores that the cluster could take, against the quota that was last read for its region."""
    region = (job.compute.region or settings.region or "").lower().replace(" ", "")
    size = find(job.compute.size) if job.compute.size else None
    kept = site.listings("azureml").recall(f"usages.{region}") if region and size else None
    if kept is None or size is None or kept.age > _OLD:
        return
    try:
        listed = [Usage(**one) for one in kept.data]
    except TypeError:
        return  # of another version
    usage = usage_of(_LOW if job.compute.priority == "low" else size.family, listed)
    needed = size.vcpus * max(job.compute.max_nodes, job.nodes)
    if usage is None or usage.used + needed <= usage.limit:
        return
    fits = max(0, usage.limit - usage.used) // size.vcpus
    hours = kept.age / 3600
    text = (
        f"the quota of {usage.family} in {region} is {usage.limit} cores, {usage.used} of them taken, as of "
        f"{hours:.0f} hours ago; {max(job.compute.max_nodes, job.nodes)} x {size.name} need {needed}"
    )
    remedy = (f"write max_nodes: {fits}, or " if fits else "") + "take another size, or ask for more in the portal"
    yield finding("compute-no-quota", "error", text, remedy, place(job, "compute", "max_nodes"))
