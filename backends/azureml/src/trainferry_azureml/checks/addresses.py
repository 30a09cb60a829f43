"""Addresses of data that Azure ML would not take, or would read as something else."""

import re
from typing import TYPE_CHECKING

from trainferry_azureml.findings import finding, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job

_BLOB = re.compile(
    r"https://(?P<account>[^./]+)\.(blob|dfs|file)\.core\.[^/]+/(?P<container>[^/?]+)/?(?P<path>[^?]*)(?P<query>\?.*)?",
    re.IGNORECASE,
)
_SCHEMES = ("wasb://", "wasbs://", "abfs://", "abfss://", "adl://")
_RIGHT = re.compile(
    r"azureml://(datastores/[A-Za-z0-9_]+/paths/.*|"
    r"subscriptions/[^/]+/resource[gG]roups/[^/]+/workspaces/[^/]+/datastores/[A-Za-z0-9_]+/paths/.*|"
    r"registries/[^/]+/data/[^/]+/versions/[^/]+)"
)
_SHAPE = "azureml://datastores/NAME/paths/FOLDER/"


def check(job: "Job") -> "Iterator[Finding]":
    """The address of each dataset that has one."""
    for name, dataset in job.datasets.items():
        here = place(job, "datasets", name, "uri")
        uri = dataset.uri
        if dataset.path and dataset.path.startswith(("azureml:", "https:", "http:", "wasbs:", "abfss:")):
            text = f"path: '{dataset.path}' is an address, and path names a folder of this machine"
            yield finding(
                "address-as-path",
                "error",
                text,
                f"write uri: {_SHAPE}, or name: for a registered dataset",
                place(job, "datasets", name, "path"),
            )
        if uri is None:
            continue
        match = _BLOB.match(uri)
        if match:
            yield from _blob(match, uri, name, here)
        elif uri.startswith("azureml://") and not _RIGHT.fullmatch(uri):
            text = f"'{uri}' isn't in the form of an address of azureml:// that the service knows"
            yield finding(
                "address-form", "warning", text, f"write {_SHAPE}; datastores, paths and no backslashes", here
            )
        elif uri.startswith(_SCHEMES):
            text = (
                f"'{uri}' is mounted only with rights on the storage itself, which a node seldom has; "
                "through a datastore, azureml://, it has the workspace's"
            )
            yield finding("address-form", "warning", text, f"write {_SHAPE}", here)
        elif uri.startswith(("s3://", "gs://", "file://", "dbfs:")):
            text = f"Azure ML can't mount '{uri}'; it takes azureml:// and https:// addresses of its own storage"
            yield finding("address-form", "warning", text, f"copy the data there, and write {_SHAPE}", here)


def _blob(match: "re.Match[str]", uri: str, name: str, here: object) -> "Iterator[Finding]":
    del here, name
    secret = "sig=" in (match["query"] or "").lower()
    text = (
        f"'{uri.partition('?')[0]}' is an https:// address: it is read without the workspace's rights, and "
        "as one file rather than a folder"
    )
    if secret:
        text = (
            f"'{uri.partition('?')[0]}' carries a signature, which is a secret and expires; the job file is "
            "stored with the run"
        )
    remedy = f"register the container as a datastore, and write azureml://datastores/NAME/paths/{match['path'] or ''}"
    yield finding("address-form", "warning", text, remedy)
