"""Refusals of compute in the user's terms: what is the matter, and what to type or to ask for instead."""

from typing import TYPE_CHECKING

from trainferry_azureml.compute.catalog import describe, nearest, successor

if TYPE_CHECKING:
    from trainferry.specs.compute import ComputeSpec
    from trainferry.specs.plan import Quota
    from trainferry_azureml.compute.reading import OfferedSize

ASK_FOR_QUOTA = (
    "ask for more: portal, Subscriptions, Usage + quotas, provider Machine learning, the region and this family, "
    "New quota request"
)


def retired(size: str) -> tuple[str, str] | None:
    """Message and remedy for a size of a series that Azure has withdrawn; None for any other."""
    found = successor(size)
    if found is None:
        return None
    series, ended, instead = found
    return f"Azure withdrew the series {series} on {ended}; {size} can't be had any more", f"write size: {instead}"


def not_offered(size: str, region: str, offered: "list[OfferedSize]") -> tuple[str, str]:
    """Message and remedy for a size that a region doesn't have: the nearest that it has, by GPU and price."""
    near = nearest(size, [one.name for one in offered])
    if near:
        return (
            f"the region {region} doesn't offer the size {size}",
            f"the nearest that it offers: {', '.join(describe(one) for one in near)}; or another compute.region",
        )
    return (
        f"the region {region} offers no size {size}",
        "check its spelling, such as Standard_NC4as_T4_v3; the portal lists the sizes under Compute",
    )


def no_quota(spec: "ComputeSpec", region: str, quota: "Quota", cores: int) -> tuple[str, str]:
    """Message and remedy for a cluster that could outgrow the quota: have, need, family, region, and what would fit."""
    free = max(0, quota.limit - quota.used)
    text = (
        f"the quota of {quota.family} in {region} is {quota.limit} cores, {quota.used} of them taken; "
        f"{spec.max_nodes} x {spec.size} need {quota.needed}"
    )
    fits = free // cores if cores else 0
    smaller = f"write max_nodes: {fits}, which fits; or " if fits else ""
    return text, smaller + ASK_FOR_QUOTA
