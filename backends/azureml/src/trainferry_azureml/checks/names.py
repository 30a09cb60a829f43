"""Names and tags within Azure's limits."""

import re
from typing import TYPE_CHECKING

from trainferry_azureml.findings import finding, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job

MOST_TAGS = 50
LONGEST_TAG = 100
LONGEST_VALUE = 1000
"""Limits of a run's tags: count, characters of a name and of a value (Azure ML's service limits, "Runs")."""
LONGEST_VARIABLE = 32_000
SHORT_NAME = 16
"""Characters that every version of the service takes for a cluster's name; some take up to 24 or 32."""
LONGEST_EXPERIMENT = 256
_ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")
_RESERVED = re.compile(r"(azureml|microsoft)", re.IGNORECASE)


def check(job: "Job") -> "Iterator[Finding]":
    """The environment's and the cluster's name, the tags, and what is said of them."""
    name = job.environment.name
    if name and _RESERVED.match(name):
        text = f"'{name}' can't name an environment of yours: names that begin with AzureML or Microsoft are reserved"
        remedy = (
            f"take another name, such as {re.sub('(?i)^(azureml|microsoft)-?', '', name) or 'my-env'}, or "
            f"take it as curated: {name}"
        )
        yield finding("environment-reserved-name", "error", text, remedy, place(job, "environment", "name"))
    elif name and not _ENVIRONMENT.fullmatch(name):
        text = f"'{name}' can't name an environment on Azure"
        remedy = "letters, digits, hyphens, underscores and dots, at most 255"
        yield finding("environment-name", "error", text, remedy, place(job, "environment", "name"))
    packages = {re.split(r"[\[<>=!~; ]", text.strip().lower(), maxsplit=1)[0] for text in job.environment.pip}
    if "mlflow" in packages and not {"azureml-mlflow", "azureml-defaults"} & packages:
        text = "mlflow without azureml-mlflow can't reach the workspace, whose tracking address is azureml://"
        yield finding("mlflow-alone", "warning", text, "add azureml-mlflow to pip", place(job, "environment", "pip"))
    cluster = job.compute.name
    if cluster and SHORT_NAME < len(cluster) <= 32:  # noqa: PLR2004  (longer ones are an error, elsewhere)
        text = (
            f"the cluster's name '{cluster}' has {len(cluster)} characters; some versions of the service "
            f"take {SHORT_NAME}"
        )
        yield finding(
            "compute-name-long", "note", text, "take a shorter one if Azure refuses it", place(job, "compute", "name")
        )
    yield from _tags(job)


def _tags(job: "Job") -> "Iterator[Finding]":
    if len(job.tags) > MOST_TAGS:
        text = f"{len(job.tags)} tags; Azure ML takes {MOST_TAGS}"
        yield finding(
            "tags-limit", "error", text, "put what is long into a file of the source folder", place(job, "tags")
        )
    for key, value in job.tags.items():
        here = place(job, "tags", key)
        if len(key) > LONGEST_TAG:
            text = f"tags: the name '{key[:40]}...' has {len(key)} characters; Azure ML takes {LONGEST_TAG}"
            yield finding("tags-limit", "error", text, "shorten it", here)
        if len(value) > LONGEST_VALUE:
            text = f"tags: the value of '{key[:40]}' has {len(value)} characters; Azure ML takes {LONGEST_VALUE}"
            yield finding("tags-limit", "error", text, "shorten it, or put it into a file of the source folder", here)
    if len(job.experiment_name) > LONGEST_EXPERIMENT:
        text = f"the experiment's name has {len(job.experiment_name)} characters; Azure ML takes {LONGEST_EXPERIMENT}"
        yield finding("experiment-name", "error", text, "shorten it", place(job, "experiment"))
