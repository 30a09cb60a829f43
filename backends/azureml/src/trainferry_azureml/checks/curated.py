"""Curated environments that Microsoft has taken out of its registry."""

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from trainferry.specs.finding import Confidence
from trainferry_azureml.findings import finding, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job

_FAMILIES = {
    "tensorflow": re.compile(r"tensorflow-2\.(1[6-9]|[2-9]\d)-"),
    "pytorch": re.compile(r"pytorch-2\."),
    "acpt": re.compile(r"acpt-pytorch-(2\.|1\.13)"),
    "sklearn": re.compile(r"sklearn-(1\.[1-9]|[2-9])"),
    "scikit-learn": re.compile(r"scikit-learn-(1\.[5-9]|[2-9])"),
    "lightgbm": re.compile(r"lightgbm-(3\.3|[4-9])"),
    "xgboost": re.compile(r"xgboost-(1\.[5-9]|[2-9])"),
}
"""What is left of each family of curated environments (Microsoft's asset repository and deprecation notices, 2025)."""
_OLD = re.compile(
    r"azureml-(minimal|tutorial|pyspark|hyperdrive|chainer|dask|sidecar|vowpalwabbit|designer|autodl|keras|"
    r"triton|onnxruntime|deepspeed)",
    re.IGNORECASE,
)
_TODAY = ("AzureML-tensorflow-2.16-cuda12", "acpt-pytorch-2.8-cuda12.6", "sklearn-1.5", "lightgbm-3.3")
"""Names to offer in place of one that is gone."""


def check(job: "Job") -> "Iterator[Finding]":
    """A curated environment whose name or version isn't there any more, as far as is known."""
    written = job.environment.curated
    if not written:
        return
    name = (
        re.sub(r"^azureml://registries/azureml/environments/", "", written)
        .partition("/")[0]
        .partition(":")[0]
        .partition("@")[0]
    )
    plain = re.sub(r"^azureml-", "", name.lower())
    family = next((key for key in _FAMILIES if plain.startswith(key)), None)
    gone = bool(_OLD.match(name)) or (family is not None and not _FAMILIES[family].match(plain))
    here = place(job, "environment", "curated")
    if gone:
        close = get_close_matches(name.lower(), [one.lower() for one in _TODAY], n=1, cutoff=0.3)
        offer = next((one for one in _TODAY if close and one.lower() == close[0]), _TODAY[0])
        text = f"the curated environment {written} has been taken out of Microsoft's registry"
        remedy = f"take a newer one, such as {offer}, or give the packages: environment: {{python: ..., pip: [...]}}"
        yield finding("curated-gone", "error", text, remedy, here).model_copy(update={"confidence": Confidence.LIKELY})
