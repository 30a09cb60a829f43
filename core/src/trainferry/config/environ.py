"""Settings from environment variables, such as TRAINFERRY_BACKEND or TRAINFERRY_BACKENDS__LOCAL__SLOTS."""

from collections.abc import Mapping
from typing import Any

from trainferry.config.keys import KEYS, LISTS, nest, parse_text

PREFIX = "TRAINFERRY_"
RESERVED = frozenset({"TRAINFERRY_CONFIG", "TRAINFERRY_RUN_ID", "TRAINFERRY_DEBUG"})
"""Variables of ours that are not settings: the user file's path, the id that a script runs under, stack traces on."""


def read(environ: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    """One layer for each variable that names a setting. Two underscores stand for the dot between keys."""
    layers = []
    for name in sorted(environ):
        path = _path(name)
        if path and environ[name] != "" and path[0] in KEYS:
            layers.append((name, nest(path, _value(path, environ[name]))))
    return layers


def unknown(environ: Mapping[str, str]) -> list[str]:
    """Variables that start like ours but name no setting; worth a warning, since a typing error is silent otherwise."""
    return [name for name in sorted(environ) if (path := _path(name)) and path[0] not in KEYS]


def _path(name: str) -> list[str]:
    if not name.startswith(PREFIX) or name in RESERVED or name.startswith("TRAINFERRY_TEST_"):
        return []
    return name[len(PREFIX) :].lower().split("__")


def _value(path: list[str], text: str) -> Any:
    if path[0] in LISTS and not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    return parse_text(text)
