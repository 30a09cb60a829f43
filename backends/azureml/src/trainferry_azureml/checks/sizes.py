"""VM sizes as they are written: what is no size of Azure, what was withdrawn, what the names of series tell."""

import re
from typing import TYPE_CHECKING

from trainferry_azureml.compute.words import ending, retired
from trainferry_azureml.findings import finding, place
from trainferry_azureml.sizes.choosing import did_you_mean
from trainferry_azureml.sizes.table import find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job

_SIZE = re.compile(
    r"(Standard|Basic)_[A-Z]{1,3}\d{1,3}(-\d{1,3})?[a-z]{0,6}(_[A-Za-z]{1,4}\d{1,4}[A-Za-z]?)?(_v\d{1,2})?(_Promo)?",
    re.IGNORECASE,
)
"""Microsoft's naming convention for VM sizes: family, cores, features, accelerator, version."""


def check(job: "Job") -> "Iterator[Finding]":
    """A size that is spelt wrongly or that Azure has withdrawn."""
    size = job.compute.size
    if size is None:
        return
    here = place(job, "compute", "size")
    if not _SIZE.fullmatch(size):
        right = corrected(size) or next(iter(did_you_mean(size)), None)
        text = f"'{size}' is no size of Azure (vm_size)"
        remedy = f"did you mean {right}?" if right else "write it like Standard_NC4as_T4_v3"
        yield finding("compute-size", "error", text, remedy, here)
        return
    old, soon = retired(size), ending(size)
    if old:
        yield finding("compute-retired", "error", *old, here)
    elif soon:
        yield finding("compute-ending", "warning", *soon, here)
    elif find(size) is None:
        near = did_you_mean(size)
        text = f"'{size}' is in the form of a size of Azure (vm_size), but the table has none of that name"
        yield finding("compute-size", "warning", text, f"did you mean {near[0]}?" if near else "", here)


def corrected(size: str) -> str | None:
    """What a mistyped size was most likely meant to be."""
    text = re.sub(r"[\s.-]+", "_", size.strip())
    text = re.sub(r"^(standard|standart|stadard|std|basic)[_ ]*", "", text, flags=re.IGNORECASE)
    candidate = f"Standard_{text}"
    if _SIZE.fullmatch(candidate):
        return candidate
    candidate = re.sub(r"(?<=[a-z0-9])(v\d{1,2})$", r"_\1", candidate)
    return candidate if _SIZE.fullmatch(candidate) else None


def has_gpu(size: str) -> bool | None:
    """Whether a size has GPUs: by the table, else by its series, as those that begin with N do; None for no size."""
    known = find(size)
    if known is not None:
        return known.gpus > 0
    return size.partition("_")[2][:1].upper() == "N" if _SIZE.fullmatch(size) else None
