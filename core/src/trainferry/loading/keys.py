"""Wrong keys and words of a job file, and what was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from trainferry.loading.scalars import Path, meant_number
from trainferry.specs.job import Job

SYNONYMS = {
    "args": "arguments",
    "argument": "arguments",
    "parameters": "arguments",
    "params": "arguments",
    "inputs": "datasets",
    "input": "datasets",
    "data": "datasets",
    "dataset": "datasets",
    "env": "environment",
    "conda_packages": "conda",
    "pip_packages": "pip",
    "requirements": "pip",
    "packages": "pip",
    "dependencies": "pip",
    "python_version": "python",
    "docker_image": "image",
    "base_image": "image",
    "env_vars": "variables",
    "environment_variables": "variables",
    "vm_size": "size",
    "instance_type": "size",
    "cluster": "name",
    "location": "region",
    "instance_count": "nodes",
    "node_count": "nodes",
    "workers": "nodes",
    "process_count_per_node": "processes_per_node",
    "source_dir": "source",
    "source_directory": "source",
    "code": "source",
    "command": "script",
    "entry_script": "script",
    "main": "script",
    "experiment_name": "experiment",
    "display_name": "name",
    "labels": "tags",
    "backend": "backends",
    "type": "kind",
}
"""Names that other tools give to the same things."""

_LISTS = (".txt", ".yml", ".yaml")
"""Endings of files that list packages for other tools."""
_ADVICE = {
    "conda_file": "list the packages themselves under environment.conda and environment.pip",
    "requirements": "list the packages themselves under environment.pip, so that the job file says all that it needs",
    "command": "script names the Python file and arguments lists what is passed to it: no shell takes part",
    "backend": 'the backend is chosen outside of the job, with --on NAME or backend = "NAME" in trainferry.toml; '
    "'backends' holds what differs on one of them",
}


def model_at(path: Path) -> type[BaseModel] | None:
    """The spec of the table at a path of a job file; None where there is no such table."""
    if path[:1] == ("backends",):
        return model_at(path[2:]) if len(path) > 1 else None
    model: type[BaseModel] | None = Job
    named = False
    for part in path:
        if named:
            named = False
            continue
        if model is None or part not in model.model_fields:
            return None
        model, named = _spec_of(model.model_fields[str(part)])
    return None if named else model


def _spec_of(field: FieldInfo) -> tuple[type[BaseModel] | None, bool]:
    """The spec that a field holds, and whether it holds several by name."""
    kind = field.annotation
    named = get_origin(kind) is dict
    for candidate in (kind, *get_args(kind)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate, named
    return None, False


def unknown_key(path: Path, value: Any) -> tuple[str, str]:
    """Message and remedy for a key that the spec doesn't have."""
    *inside, key = path
    model = model_at(tuple(inside))
    known = list(model.model_fields) if model else []
    table = ".".join(str(part) for part in inside)
    message = f"unknown key '{key}'" + (f" in {table}" if table else "")
    advice = _ADVICE.get(str(key))
    if advice:
        return message, advice + (f" ({value})" if isinstance(value, str) and value.endswith(_LISTS) else "")
    if str(key).endswith(".txt") or (isinstance(value, str) and value.endswith("requirements.txt")):
        return message, _ADVICE["requirements"]
    word = str(key).lower().replace("-", "_")
    meant = SYNONYMS.get(closest(word, SYNONYMS, surely=True) or word)
    guess = closest(word, known, surely=True) or (meant if meant in known else closest(word, known))
    if guess:
        return message, f"did you mean '{guess}'?"
    home = _elsewhere(str(key), meant, table)
    return message, home or f"keys known here: {', '.join(known)}"


def _elsewhere(key: str, meant: str | None, table: str) -> str:
    """Say where a key belongs that is known in another table; of the same name, the one at the top is meant."""
    if table and key in Job.model_fields:
        return f"'{key}' belongs at the top of the job file, not inside '{table}'"
    for field in Job.model_fields:
        model = None if field == table else model_at((field,))
        names = model.model_fields if model else {}
        name = key if key in names else meant if meant in names else None
        if name:
            return f"did you mean {field}.{name}? It belongs inside the table '{field}'"
    name = key if key in Job.model_fields else meant if meant in Job.model_fields else None
    return f"'{name}' belongs at the top of the job file, not inside '{table}'" if name and table else ""


def missing_key(path: Path) -> tuple[str, str]:
    """Message and remedy for a key that has to be there."""
    *inside, key = path
    table = ".".join(str(part) for part in inside)
    model = model_at(tuple(inside))
    examples = model.model_fields[str(key)].examples if model else None
    return f"'{key}' is missing" + (f" in {table}" if table else ""), f"add {key}: {examples[0]}" if examples else ""


def unknown_word(path: Path, value: Any) -> tuple[str, str]:
    """Message and remedy for a value that is none of the few words that a field takes."""
    model = model_at(path[:-1])
    words = [str(word) for word in _words_of(model.model_fields[str(path[-1])])] if model else []
    guess = closest(str(value).lower(), words)
    remedy = f"did you mean '{guess}'?" if guess else f"write one of: {', '.join(words)}"
    return f"{'.'.join(str(part) for part in path)} can't be '{value}'", remedy


def _words_of(field: FieldInfo) -> Iterable[Any]:
    for kind in (field.annotation, *get_args(field.annotation)):
        if get_origin(kind) is Literal:
            return get_args(kind)
    return ()


def closest(word: str, known: Iterable[str], *, surely: bool = False) -> str | None:
    """The known word that a mistyped one was probably meant for; unless `surely`, also one that it begins."""
    choices = list(known)
    close = get_close_matches(word, choices, n=1, cutoff=0.8 if surely else 0.6)
    if close or surely:
        return close[0] if close else None
    starting = [choice for choice in choices if len(word) > 2 and (choice.startswith(word) or word.startswith(choice))]  # noqa: PLR2004
    return starting[0] if len(starting) == 1 else None


def remedy_for_kind(path: Path, value: Any) -> str:
    """What to write where a list, table or text of the wrong kind stands."""
    key = str(path[-1]) if path else ""
    if path[-2:-1] == ("arguments",) and isinstance(value, dict) and len(value) == 1:
        name, content = next(iter(value.items()))
        return f'write two items: "{name}" and "{content}"'
    if key in ("pip", "conda", "channels") and isinstance(value, str):
        return f"write it as a list: {key}: [{value}]"
    if path == ("datasets",) and isinstance(value, list):
        return "give each dataset a name: datasets: {images: {path: data}}"
    if len(path) > 1 and path[-2] == "datasets" and isinstance(value, str):
        return f"write it as a table: {key}: {{path: {value}}}"
    if key in ("tags", "variables") and isinstance(value, list):
        return f"write it as a table: {key}: {{NAME: value}}"
    if key == "compute" and isinstance(value, str):
        return f"write it as a table: compute: {{name: {value}}}"
    if key == "distribution" and isinstance(value, str):
        return f"write it as a table: distribution: {{kind: {value}, nodes: 1}}"
    if key == "script" and isinstance(value, list):
        return "script names one Python file; what is passed to it goes under arguments"
    return ""


def remedy_for_value(path: Path, value: Any) -> str:
    """What to write where the spec itself refused a value and said why."""
    if path[-1:] == ("arguments",) and isinstance(value, str):
        import shlex  # noqa: PLC0415  (only for this mistake)

        try:
            items = shlex.split(value)
        except ValueError:
            items = value.split()
        return "write it as a list: [" + ", ".join(f'"{item}"' for item in items) + "]"
    if path[-1:] == ("timeout",) and isinstance(value, str) and meant_number(value):
        return f"write {meant_number(value)}"
    if path[-1:] == ("environment",) and isinstance(value, str) and value.endswith((".txt", ".yml", ".yaml")):
        return "the packages themselves go under environment.pip and environment.conda"
    return ""
