"""Where the files of a dataset are, read from its definition."""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import yaml

_URI = re.compile(r"azureml://(?:subscriptions/.*?/)?datastores/([^/]+)/paths/(.*)")


@dataclass(frozen=True, slots=True)
class DataPath:
    """One place of a dataset in a datastore."""

    datastore: str
    path: str
    """Below the container: the start of the names of all its blobs, or the name of one."""
    single: bool
    """Whether it names one file, rather than all that is below a folder."""


def definition_of(dataflow: str) -> str:
    """The YAML inside a dataflow, which the SDK sends as JSON or, without the data package, as YAML itself."""
    try:
        parsed = json.loads(dataflow)
    except ValueError:
        return dataflow
    meta = parsed.get("meta") if isinstance(parsed, dict) else None
    return str((meta or {}).get("RsDataflow") or "")


def data_paths(definition: str) -> list[DataPath]:
    """The places of a dataset; none for what the emulator doesn't read, such as a web address."""
    parsed = yaml.safe_load(definition) if definition else None
    entries = parsed.get("paths", []) if isinstance(parsed, dict) else []
    return [found for entry in entries if (found := _one(entry)) is not None]


def _one(entry: Any) -> DataPath | None:
    if not isinstance(entry, dict):
        return None
    kind, uri = next(((kind, entry[kind]) for kind in ("file", "folder", "pattern") if kind in entry), ("", ""))
    found = _URI.match(str(uri))
    if not found:
        return None
    datastore, path = found.group(1), unquote(found.group(2)).strip("/")
    if kind == "pattern":
        path = re.split(r"[*?\[]", path, maxsplit=1)[0]
        single = path == unquote(found.group(2)).strip("/")
    else:
        single = kind == "file"
    return DataPath(datastore, path if single else path.rstrip("/"), single)
