"""Where the files of a dataset are, read from its definition."""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import yaml

_URI = re.compile(r"azureml://(?:subscriptions/.*?/)?datastores/([^/]+)/paths/(.*)")


@dataclass(frozen=True, slots=True)
class DataPath:
    """One place of a dataset in a datastore."""

    datastore: str
    path: str
    """Below the container: the name of one blob, a folder, or a pattern with `*`, `**` and `?`."""

    @property
    def base(self) -> str:
        """The folders before any pattern; names in the dataset are relative to it if it isn't a blob's name."""
        plain = re.split(r"[*?]", self.path, maxsplit=1)[0]
        return self.path if plain == self.path else plain.rpartition("/")[0]

    @property
    def is_pattern(self) -> bool:
        """Whether only some of what is below `base` is meant."""
        return self.base != self.path

    def matches(self, name: str) -> bool:
        """Whether a blob is meant."""
        if self.is_pattern:
            return _expression(self.path).fullmatch(name) is not None
        return not self.path or name == self.path or name.startswith(f"{self.path}/")

    def relative(self, name: str) -> str:
        """Name of a blob as the dataset has it."""
        if name == self.path:
            return name.rpartition("/")[2]
        return name.removeprefix(f"{self.base}/") if self.base else name


@dataclass(frozen=True, slots=True)
class WebPath:
    """One file of a dataset that lies at a web address."""

    url: str

    @property
    def name(self) -> str:
        """Name of the file as the dataset has it: the last part of the address, without its query."""
        return unquote(urlsplit(self.url).path).rstrip("/").rpartition("/")[2]


def _expression(pattern: str) -> re.Pattern[str]:
    """A pattern of the data runtime: `**` crosses folders, `*` and `?` don't."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meaning.get(part, re.escape(part)) for part in parts), re.DOTALL)


def definition_of(dataflow: str) -> str:
    """The YAML inside a dataflow, which the SDK sends as JSON or, without the data package, as YAML itself."""
    try:
        parsed = json.loads(dataflow)
    except ValueError:
        return dataflow
    meta = parsed.get("meta") if isinstance(parsed, dict) else None
    return str((meta or {}).get("RsDataflow") or "")


def dataflow_of(scope: str, datastore: str, folder: str) -> str:
    """The dataflow of a folder of files, as the SDK writes one."""
    uri = f"azureml:/{scope}/datastores/{datastore}/paths/{quote(folder)}"
    definition = yaml.safe_dump({"type": "mltable", "paths": [{"pattern": uri}]}, sort_keys=False)
    return json.dumps({"blocks": [], "meta": {"RsDataflow": definition}})


def data_paths(definition: str) -> list[DataPath | WebPath]:
    """The places of a dataset; none for what the emulator doesn't read, such as a folder of the web."""
    parsed = yaml.safe_load(definition) if definition else None
    entries = parsed.get("paths", []) if isinstance(parsed, dict) else []
    return [found for entry in entries if (found := _one(entry)) is not None]


def _one(entry: Any) -> DataPath | WebPath | None:
    if not isinstance(entry, dict):
        return None
    uri = str(next((entry[kind] for kind in ("file", "folder", "pattern") if kind in entry), ""))
    if uri.startswith("https://") and "folder" not in entry:
        place = WebPath(uri)
        return place if place.name and "*" not in place.name else None
    found = _URI.match(uri)
    if not found:
        return None
    return DataPath(found.group(1), unquote(found.group(2)).strip("/"))
