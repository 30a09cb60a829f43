"""VM sizes as the emulator offers them: cores, memory, GPUs and family of each, and where it is missing.

Cores, memory and disk are those of Azure's published size series; regions and the quota limits below are the emulator's
own: enough to meet each of the errors that a real subscription has.
"""

from dataclasses import dataclass

EVERYWHERE = frozenset({"*"})


@dataclass(frozen=True, slots=True)
class Size:
    """One VM size."""

    name: str
    family: str
    cores: int
    memory: float
    """GB."""
    gpus: int = 0
    disk: int = 0
    """MB of the temporary disk."""
    regions: frozenset[str] = EVERYWHERE
    """Where it is offered; empty for a series that has been retired."""


_SOME = frozenset({"eastus", "eastus2", "westeurope", "southcentralus", "westus2"})
_FEW = frozenset({"eastus", "southcentralus"})
_NOWHERE: frozenset[str] = frozenset()

SIZES = {
    size.name.lower(): size
    for size in (
        Size("Standard_D2_v2", "standardDv2Family", 2, 7, disk=102400),
        Size("Standard_DS1_v2", "standardDSv2Family", 1, 3.5, disk=7168),
        Size("Standard_DS2_v2", "standardDSv2Family", 2, 7, disk=14336),
        Size("Standard_DS3_v2", "standardDSv2Family", 4, 14, disk=28672),
        Size("Standard_DS4_v2", "standardDSv2Family", 8, 28, disk=57344),
        Size("Standard_DS11_v2", "standardDSv2Family", 2, 14, disk=28672),
        Size("Standard_DS12_v2", "standardDSv2Family", 4, 28, disk=57344),
        Size("Standard_D4s_v3", "standardDSv3Family", 4, 16, disk=32768),
        Size("Standard_D8s_v3", "standardDSv3Family", 8, 32, disk=65536),
        Size("Standard_E4s_v3", "standardESv3Family", 4, 32, disk=65536),
        Size("Standard_F4s_v2", "standardFSv2Family", 4, 8, disk=32768),
        Size("Standard_F16s_v2", "standardFSv2Family", 16, 32, disk=131072),
        Size("Standard_NC4as_T4_v3", "Standard NCASv3_T4 Family", 4, 28, 1, 180224, _SOME),
        Size("Standard_NC8as_T4_v3", "Standard NCASv3_T4 Family", 8, 56, 1, 368640, _SOME),
        Size("Standard_NC16as_T4_v3", "Standard NCASv3_T4 Family", 16, 110, 1, 368640, _SOME),
        Size("Standard_NC64as_T4_v3", "Standard NCASv3_T4 Family", 64, 440, 4, 2949120, _SOME),
        Size("Standard_NV6ads_A10_v5", "StandardNVADSA10v5Family", 6, 55, 1, 184320, _SOME),
        Size("Standard_NC24ads_A100_v4", "StandardNCADSA100v4Family", 24, 220, 1, 65536, _SOME),
        Size("Standard_NC48ads_A100_v4", "StandardNCADSA100v4Family", 48, 440, 2, 131072, _SOME),
        Size("Standard_ND96asr_v4", "Standard NDASv4_A100 Family", 96, 900, 8, 6144000, _FEW),
        Size("Standard_NC40ads_H100_v5", "StandardNCadsH100v5Family", 40, 320, 1, 131072, _FEW),
        Size("Standard_NC6", "standardNCFamily", 6, 56, 1, 345088, _NOWHERE),
        Size("Standard_NC12", "standardNCFamily", 12, 112, 2, 696320, _NOWHERE),
        Size("Standard_NC6_Promo", "standardNCPromoFamily", 6, 56, 1, 345088, _NOWHERE),
        Size("Standard_NC6s_v2", "standardNCSv2Family", 6, 112, 1, 753664, _NOWHERE),
        Size("Standard_NC6s_v3", "standardNCSv3Family", 6, 112, 1, 753664, _NOWHERE),
        Size("Standard_ND6s", "standardNDSFamily", 6, 112, 1, 753664, _NOWHERE),
    )
}

LIMITS = {
    "standardDv2Family": 100,
    "standardDSv2Family": 100,
    "standardDSv3Family": 100,
    "standardESv3Family": 50,
    "standardFSv2Family": 100,
    "Standard NCASv3_T4 Family": 64,
    "StandardNVADSA10v5Family": 36,
    "StandardNCADSA100v4Family": 24,
    "Standard NDASv4_A100 Family": 0,
    "StandardNCadsH100v5Family": 0,
}
"""Cores that the subscription may have of each family in each region; 0 where quota was never asked for."""
TOTAL = 350
LOW_PRIORITY = 200


def offered(location: str) -> list[Size]:
    """The sizes that a region has, in the order of the table."""
    region = location.lower().replace(" ", "")
    return [size for size in SIZES.values() if size.regions == EVERYWHERE or region in size.regions]


def find(name: str) -> Size | None:
    """A size by its name, which is compared as Azure does, without regard to case."""
    return SIZES.get(name.lower())
