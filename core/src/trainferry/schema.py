"""The JSON Schema of job files, with which an editor completes and checks them as they are typed.

Made from the specs. It agrees with the loader on what it can express; cross-checks between fields are the loader's.
"""

import copy
from typing import Any

from trainferry.specs.job import Job

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
IDENTIFIER = "urn:trainferry:job-file:1"
"""Names the schema, also where it lies in no known place; the number grows when a file that was right becomes wrong."""

_CONDITIONS = ("required", "oneOf", "dependentRequired")
"""What holds for a whole table, but not for a part of it that is laid over another."""


def job_schema() -> Schema:
    """The schema of a job file (draft 2020-12). Every field has a title, a description and examples."""
    schema = Job.model_json_schema()
    tables: Schema = schema["$defs"]
    properties: Schema = schema["properties"]
    environment = properties["environment"]
    environment["anyOf"] = [{"const": "current"}, {"$ref": environment.pop("$ref")}]
    rehearsed = tables["RehearsalSpec"]["properties"]["environment"]
    rehearsed["anyOf"].insert(0, {"const": "current"})
    rehearsed["title"] = environment["title"] = "Environment"
    for name, field in properties.items():
        field.setdefault("title", name.title())
    for name, table in list(tables.items()):
        tables[f"{name}Part"] = _part(table)
    tables["JobPart"] = _part({**schema, "properties": {k: v for k, v in properties.items() if k != "backends"}})
    tables["JobPart"]["title"] = "JobPart"
    tables["JobPart"]["description"] = "The job's own keys, laid over the rest of the job on one backend."
    properties["backends"]["additionalProperties"] = {"$ref": "#/$defs/JobPart"}
    return {"$schema": DIALECT, "$id": IDENTIFIER, **schema}


def _part(table: Schema) -> Schema:
    """A table of which any part may be given: nothing is required, and tables inside it are parts as well."""
    part = {key: copy.deepcopy(value) for key, value in table.items() if key not in (*_CONDITIONS, "$defs")}
    part["title"] = f"{table['title']}Part"
    _point_at_parts(part["properties"])
    return part


def _point_at_parts(node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _point_at_parts(item)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str) and not node["$ref"].endswith("Part"):
            node["$ref"] += "Part"
        for value in node.values():
            _point_at_parts(value)
