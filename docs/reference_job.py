"""Makes docs/reference/job-file.md from the JSON Schema of the job spec."""

import json
from typing import Any

from trainferry import Job

Schema = dict[str, Any]

INTRODUCTION = """\
A job file is YAML. A key that is not listed here is an error, with file, line, column and the key that was meant.
`ferry schema` prints the JSON Schema that this page is made from; an editor completes and checks a job file with it."""

WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}


def job_file_page() -> str:
    """The page: one table for the job, and one for each table inside it."""
    schema = Job.model_json_schema()
    parts = ["# The job file", INTRODUCTION, _section("The job", schema)]
    parts += [_section(name, part) for name, part in schema["$defs"].items()]
    return "\n\n".join(parts) + "\n"


def _section(title: str, schema: Schema) -> str:
    required = schema.get("required", [])
    rows = [_row(name, field, needed=name in required) for name, field in schema["properties"].items()]
    table = "| key | type | if left out | meaning | example |\n|---|---|---|---|---|\n" + "\n".join(rows)
    return f"## {title}\n\n{schema['description']}\n\n{table}"


def _row(name: str, field: Schema, *, needed: bool) -> str:
    examples = ", ".join(f"`{json.dumps(example)}`" for example in field.get("examples", []))
    left_out = "an error" if needed else _default(field)
    cells = [f"`{name}`", _type(field), left_out, field.get("description", ""), examples]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(field: Schema) -> str:
    default = field.get("default")
    return "" if default is None else f"`{json.dumps(default)}`"


def _type(field: Schema) -> str:
    """Say a JSON Schema type in words; a table of its own is a link to its part of the page."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type(one) for one in field["anyOf"] if one.get("type") != "null"))
    if field["type"] == "array":
        return f"list of {_type(field['items'])}"
    if field["type"] == "object":
        return _table(field)
    return WORDS[field["type"]] + _bounds(field)


def _table(field: Schema) -> str:
    values = field.get("additionalProperties")
    return f"table of {_type(values)}" if isinstance(values, dict) else "table"


def _bounds(field: Schema) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f" of at least {low}"
    return f" of at most {high}" if high is not None else ""
