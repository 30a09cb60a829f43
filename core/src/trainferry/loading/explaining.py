"""What the spec's validation found, in the words of the job file: place, what is wrong, what to write."""

from typing import TYPE_CHECKING, Any

from trainferry.errors import FerryError, Location
from trainferry.loading import keys
from trainferry.loading.building import Built
from trainferry.loading.scalars import Path, meant_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

_KINDS = {str: "text", bool: "a truth value", int: "a number", float: "a number", list: "a list", dict: "a table"}
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}
_TEMPLATES = {
    "greater_than_equal": "{key} is {value}, but must be at least {ge}",
    "greater_than": "{key} is {value}, but must be more than {gt}",
    "less_than_equal": "{key} is {value}, but must be at most {le}",
    "string_too_short": "{key} is empty",
}
_PATTERNS = {
    "name": "a name has letters, digits, '.', '_' and '-', at most 128, and starts with a letter or digit",
    "python": 'write a version such as "3.11"',
    "uri": "write an address such as azureml://datastores/NAME/paths/FOLDER/",
}


def explain(errors: "Iterable[ErrorDetails]", built: Built, prefix: Path = ()) -> list[FerryError]:
    """One problem for each of pydantic's errors; `prefix` is where the validated data stands in the file."""
    return [_problem(error, built, (*prefix, *error["loc"])) for error in errors]


def explain_setting(error: "ErrorDetails", overlay: "Mapping[str, Any]") -> tuple[str, str]:
    """Message and remedy for one of pydantic's errors about settings that were laid over a job."""
    return _words(error, Built(data=overlay), tuple(error["loc"]))


def unfit_setting(error: "ErrorDetails", key: str, model: "type[BaseModel]") -> tuple[str, str]:
    """Message and remedy for one of pydantic's errors about the settings of a backend, which `model` describes."""
    kind, value = error["type"], error["input"]
    facts: Mapping[str, Any] = error.get("ctx", {})
    remedy = f"settings known here: {', '.join(model.model_fields) or 'none'}"
    if kind == "extra_forbidden":
        guess = keys.closest(str(error["loc"][-1]), model.model_fields) if len(error["loc"]) == 1 else None
        return f"unknown setting '{key}'", f"did you mean '{guess}'? {remedy}" if guess else remedy
    if kind == "missing":
        return f"the setting '{key}' is missing", f"add it; {remedy}"
    if kind in _WANTED:
        found = f"'{value}'" if isinstance(value, str) else _KINDS.get(type(value), "something else")
        return f"{key} must be {_WANTED[kind]}, but this is {found}", remedy
    if kind in _TEMPLATES:
        return _TEMPLATES[kind].format(key=key, value=value, **facts), remedy
    if kind == "literal_error":
        return f"{key} can't be '{value}'", f"write {facts['expected']}"
    return f"{key}: {error['msg'].removeprefix('Value error, ')}", remedy


def place_of(path: Path, built: Built) -> Location:
    """The place of the nearest thing in the file that holds `path`."""
    while path not in built.marks:
        path = path[:-1]
    return built.marks[path]


def _problem(error: "ErrorDetails", built: Built, path: Path) -> FerryError:
    if path and path[-1] == "[key]":
        path = path[:-1]
    message, remedy = _words(error, built, path)
    return FerryError(message, where=place_of(path, built), remedy=remedy)


def _words(error: "ErrorDetails", built: Built, path: Path) -> tuple[str, str]:
    kind = error["type"]
    if kind == "extra_forbidden":
        return keys.unknown_key(path, error["input"])
    if kind == "missing":
        return keys.missing_key(path)
    if kind in _WANTED:
        return _wrong_kind(_WANTED[kind], error["input"], built, path)
    if kind == "literal_error":
        return keys.unknown_word(path, error["input"])
    if kind == "string_pattern_mismatch":
        return f"{name_of(path)} can't be '{error['input']}'", _PATTERNS.get(str(path[-1]), error["msg"])
    if kind in _TEMPLATES:
        facts: Mapping[str, Any] = error.get("ctx", {})
        return _TEMPLATES[kind].format(key=name_of(path), value=error["input"], **facts), ""
    text = error["msg"].removeprefix("Value error, ")
    named = kind == "value_error" and (not path or path[-1] != "timeout")
    return (text if named else f"{name_of(path)}: {text}"), keys.remedy_for_value(path, error["input"])


def _wrong_kind(wanted: str, value: Any, built: Built, path: Path) -> tuple[str, str]:
    key = name_of(path)
    text = built.texts.get(path)
    if value is None:
        return f"{key} has no value", f"write {wanted} after the colon, or take the line out"
    found = _KINDS.get(type(value), "something else")
    message = f"{key} must be {wanted}, but this is {found}"
    if wanted == "text" and text is not None:
        return f"{key} must be text, but YAML reads {text} as {found}", f'put it in quotes: "{text}"'
    if wanted in ("a whole number", "true or false") and isinstance(value, str):
        return _not_a_number(wanted, value, key, bare=text is not None)
    if path[-2:-1] == ("arguments",) and isinstance(value, list) and value:
        return _list_as_argument(message, value, built, path)
    return message, keys.remedy_for_kind(path, value)


def _list_as_argument(message: str, value: list[Any], built: Built, path: Path) -> tuple[str, str]:
    """A list in place of one argument: most likely all values of the option before it."""
    before = built.data
    for part in path[:-1]:
        before = before[part]
    number = int(path[-1])
    option = str(before[number - 1]) if number and str(before[number - 1]).startswith("-") else ""
    items = ", ".join(str(item) for item in value)
    return message + (
        f", after {option}" if option else ""
    ), f"write each value as an item of its own: {option}, {items}".replace(": ,", ":")


def _not_a_number(wanted: str, value: str, key: str, *, bare: bool) -> tuple[str, str]:
    message = f"{key} must be {wanted}, but " + (f"YAML reads {value} as text" if bare else f"'{value}' is text")
    if wanted == "true or false":
        return message, "write true or false, without quotes"
    number = meant_number(value)
    return message, f"write {number}" if number else "write it in digits, without quotes"


def name_of(path: Path) -> str:
    """A path as people write it: `datasets.images.mode`, `arguments[2]` (counted from 1)."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the job"
