"""What compute costs: an estimate from the table of list prices."""

from typing import TYPE_CHECKING

from trainferry.specs.plan import Price
from trainferry_azureml.sizes import find

if TYPE_CHECKING:
    from trainferry.specs.compute import ComputeSpec


def price_of(spec: "ComputeSpec") -> Price | None:
    """List price of one node for an hour, with source and date; None for a size whose price isn't known.

    It is an estimate: regions, contracts and low priority, which costs less, are not in the table.
    """
    size = find(spec.size) if spec.size else None
    if size is None or size.usd_per_hour is None:
        return None
    low = "; low priority costs less" if spec.priority == "low" else ""
    return Price(per_hour=size.usd_per_hour, source=f"{size.price_source}{low}")
