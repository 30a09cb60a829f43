"""What compute costs: an estimate from the table of list prices."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainferry.specs.compute import ComputeSpec
    from trainferry.specs.plan import Price


def price_of(spec: "ComputeSpec") -> "Price | None":
    """List price of one node for an hour, with source and date; None for a size that the table doesn't have."""
    return None
