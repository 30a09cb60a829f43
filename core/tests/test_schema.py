"""The specs and the JSON Schema made from them: every field is explained, and schema and loader agree."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import jsonschema
import pytest
import yaml

import trainferry.specs
from trainferry import Job
from trainferry.errors import JobFileError
from trainferry.schema import job_schema
from trainferry.specs.base import Spec

ROOT = Path(__file__).parents[2]
HEAD = "name: a\nscript: a.py\n"


def all_specs() -> Iterator[type[Spec]]:
    """Every spec model that the package defines."""
    for found in iter_modules(trainferry.specs.__path__):
        module = import_module(f"trainferry.specs.{found.name}")
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, Spec) and kind.__module__ == module.__name__ and kind is not Spec:
                yield kind


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    """A validator of job files, whose schema is itself a right one."""
    schema = job_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("spec", list(all_specs()), ids=lambda spec: str(spec.__name__))
def test_every_field_of_every_spec_is_described_with_an_example(spec: type[Spec]) -> None:
    lacking = [name for name, field in spec.model_fields.items() if not field.description or not field.examples]
    assert lacking == []
    assert inspect.getdoc(spec)


@pytest.mark.parametrize("name", list(Job.model_fields))
def test_the_examples_of_a_job_are_right(name: str, validator: jsonschema.Draft202012Validator) -> None:
    for example in Job.model_fields[name].examples or ():
        data = {"name": "a", "script": "a.py", name: example}
        Job.model_validate(data)
        assert list(validator.iter_errors(data)) == []


def test_the_schema_tells_an_editor_what_each_key_is() -> None:
    schema = job_schema()
    assert schema["$id"] == "urn:trainferry:job-file:1"
    tables = [schema, *schema["$defs"].values()]
    assert [table["title"] for table in tables if table["additionalProperties"] is not False] == []
    fields = [(table["title"], name, field) for table in tables for name, field in table["properties"].items()]
    assert [row[:2] for row in fields if not all(row[2].get(key) for key in ("title", "description", "examples"))] == []


RIGHT = [
    "environment: current\n",
    "arguments: [--a, 1, 0.5, true, yes]\n",
    "environment: {python: 3.11, variables: {A: 1, B: true}}\n",
    "timeout: 90\n",
    "timeout: 1h 30m\n",
    "compute: {min_nodes: 0, max_nodes: 3, priority: low}\n",
    "datasets: {d: {name: x, version: 3}}\n",
    "backends: {azureml: {compute: {priority: low}, distribution: {nodes: 2}, environment: current}}\n"
    "distribution: {kind: mpi}\n",
    "backends: {azureml: {datasets: {d: {mode: download}}}}\ndatasets: {d: {path: x}}\n",
    "experiment:\n",
    "tags: {a: b}\n",
    "backends: {}\n",
]
WRONG = [
    "nmae: b\n",
    "name: a b\n",
    "script: ''\n",
    "environment: other\n",
    "environment: {python: '2.7'}\n",
    "environment: {pip: [-r x.txt]}\n",
    "arguments: a b\n",
    "arguments: [[a]]\n",
    "arguments: [null]\n",
    "timeout: soon\n",
    "timeout: 0\n",
    "timeout: ''\n",
    "compute: {max_nodes: 0}\n",
    "compute: {max_nodes: '3'}\n",
    "compute: {max_nodes: true}\n",
    "compute: {priority: lowest}\n",
    "datasets: [d]\n",
    "datasets: {d: {}}\n",
    "datasets: {d: {path: a, uri: 'x://y'}}\n",
    "datasets: {d: {path: a, version: 1}}\n",
    "datasets: {a b: {path: a}}\n",
    "distribution: {nodes: 2}\n",
    "backends: {azureml: {compute: {priorty: low}}}\n",
    "backends: {azureml: {backends: {}}}\n",
    "backends: {azureml: [a]}\n",
    "tags: [a]\n",
]


def read_as_editors_do(text: str) -> Any:
    """The data of a job file; of two equal keys the last one counts, so that a row above can replace one of HEAD."""
    return yaml.safe_load(text)


@pytest.mark.parametrize("text", RIGHT)
def test_schema_and_loader_agree_on_what_is_right(
    text: str, tmp_path: Path, validator: jsonschema.Draft202012Validator
) -> None:
    (tmp_path / "job.yaml").write_text(HEAD + text)
    Job.load(tmp_path / "job.yaml")
    assert [error.message for error in validator.iter_errors(read_as_editors_do(HEAD + text))] == []


@pytest.mark.parametrize("text", WRONG)
def test_schema_and_loader_agree_on_what_is_wrong(
    text: str, tmp_path: Path, validator: jsonschema.Draft202012Validator
) -> None:
    key = text.partition(":")[0]
    head = "".join(line for line in HEAD.splitlines(keepends=True) if not line.startswith(f"{key}:"))
    (tmp_path / "job.yaml").write_text(head + text)
    with pytest.raises(JobFileError):
        Job.load(tmp_path / "job.yaml")
    assert list(validator.iter_errors(read_as_editors_do(head + text)))


def job_files() -> list[Path]:
    """The job files that the checkout holds."""
    return sorted(path for path in ROOT.rglob("job*.yaml") if not {".venv", "node_modules"} & set(path.parts))


@pytest.mark.parametrize("path", job_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_job_file_of_the_repository_is_right(path: Path, validator: jsonschema.Draft202012Validator) -> None:
    assert list(validator.iter_errors(yaml.safe_load(path.read_text()))) == []
    assert Job.load(path).origin.findings == ()
