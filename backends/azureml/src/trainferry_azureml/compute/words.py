"""Refusals of compute in the user's terms: what is the matter, and what to type or to ask for instead."""

from typing import TYPE_CHECKING

from trainferry_azureml.sizes import did_you_mean, find, nearest, withdrawal

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
    found = withdrawal(size)
    if found is None or not found.over():
        return None
    text = f"Azure retired the series {found.series} on {found.ends}: the size {size} can't be had any more"
    return text, f"write size: {_described(found.instead)}"


def ending(size: str) -> tuple[str, str] | None:
    """Message and remedy for a size of a series whose end is announced, and not yet come; None for any other."""
    found = withdrawal(size)
    if found is None or found.over():
        return None
    return f"Azure retires the series {found.series} on {found.ends}", f"from then on: {_described(found.instead)}"


def not_offered(size: str, region: str, offered: "list[OfferedSize]") -> tuple[str, str]:
    """Message and remedy for a size that a region doesn't have: the nearest that it has, by GPU and price."""
    names = [one.name for one in offered]
    if find(size) is None:
        alike = did_you_mean(size, names) or did_you_mean(size)
        hint = f"did you mean {' or '.join(alike)}? " if alike else ""
        return f"the region {region} offers no size {size}", f"{hint}the portal lists the sizes under Compute"
    near = nearest(size, names)
    also = f"the nearest that it offers: {'; '.join(_described(one) for one in near)}; or " if near else ""
    return f"the region {region} doesn't offer the size {size}", f"{also}another compute.region"


def _described(size: str) -> str:
    known = find(size)
    return str(known) if known else size


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
