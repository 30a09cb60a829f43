"""What Azure refuses or has given up, told from the job file alone: names, images, addresses, sizes."""

from typing import TYPE_CHECKING

from trainferry_azureml.checks import addresses, curated, images, listed, names, sizes, workspaces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainferry.site import Site
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job
    from trainferry_azureml.settings import AzureMLSettings


def job_findings(job: "Job") -> "Iterator[Finding]":
    """What is wrong with what the job says."""
    yield from names.check(job)
    yield from images.check(job)
    yield from curated.check(job)
    yield from addresses.check(job)
    yield from sizes.check(job)


def settings_findings(job: "Job", settings: "AzureMLSettings", site: "Site") -> "Iterator[Finding]":
    """What is wrong with the workspace's config file, and with the job by what Azure said last."""
    yield from workspaces.check(settings, site)
    yield from listed.check(job, settings, site)
