"""The table of VM sizes: read once from the package's own files, when it is first asked for.

Dates of withdrawal, and cores, memory and GPUs of the GPU sizes that are offered today, were read on Microsoft's pages
on each size series. The disks of CPU sizes, of ND A100 and of older GPU series, and the names of families, which quotas
count by, are as generally known on 2026-11-24 and were not looked up. The service's own answer, where there is one,
counts first.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

PRICE_SOURCES = {
    "catalog": "Azure's list price for East US, Linux, as SkyPilot's public catalog v6 has it (undated, about the turn "
    "of 2024 to 2025; read 2026-11-24); an estimate, other regions differ",
    "known": "list price for East US, Linux, as known on 2026-11-24, not fetched; check it before relying on it",
}
"""Where the prices of the table come from. None was asked of Azure itself."""


@dataclass(frozen=True, slots=True)
class Size:
    """One VM size, all of it for one node."""

    name: str
    series: str
    family: str
    """The quota that its cores count against, as Azure names it."""
    vcpus: int
    memory_gib: float
    gpus: int
    gpu: str
    """Kind of the GPUs; a part of one is written behind it. Empty if there is none."""
    gpu_memory_gb: int
    """Memory of all GPUs together."""
    disk_gib: int
    """The temporary local disk."""
    usd_per_hour: float | None
    """List price of a dedicated node; None if it isn't known, or can't be had any more."""
    price_source: str
    """Where the price comes from, with its date; empty without a price."""

    @property
    def gpu_kind(self) -> str:
        """Kind of the GPU without the part of it."""
        return self.gpu.partition(" ")[0]

    def __str__(self) -> str:
        """Name and what matters of it, on one line."""
        gpu = f", {self.gpus} x {self.gpu} ({self.gpu_memory_gb} GB)" if self.gpus else ""
        price = f", about {self.usd_per_hour:.3g} USD/h" if self.usd_per_hour is not None else ""
        return f"{self.name} ({self.vcpus} cores, {self.memory_gib:g} GiB{gpu}{price})"


def find(name: str) -> Size | None:
    """The size of that name, whatever its case and with or without `Standard_`; None if the table lacks it."""
    return all_sizes().get(plain(name))


def plain(name: str) -> str:
    """A size's name without what people leave out: case and `Standard_`."""
    return name.strip().lower().removeprefix("standard_")


@cache
def all_sizes() -> dict[str, Size]:
    """Every size of the table by its plain name."""
    return {plain(row["name"]): _size(row) for row in rows("sizes.csv")}


def rows(file: str) -> list[dict[str, str]]:
    """The rows of one of the package's own tables."""
    text = (resources.files(__package__) / file).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _size(row: dict[str, str]) -> Size:
    return Size(
        name=row["name"],
        series=row["series"],
        family=row["family"],
        vcpus=int(row["vcpus"]),
        memory_gib=float(row["memory_gib"]),
        gpus=int(row["gpus"]),
        gpu=row["gpu"],
        gpu_memory_gb=int(row["gpu_memory_gb"]),
        disk_gib=int(row["disk_gib"]),
        usd_per_hour=float(row["usd_per_hour"]) if row["usd_per_hour"] else None,
        price_source=PRICE_SOURCES[row["price_source"]] if row["price_source"] else "",
    )
