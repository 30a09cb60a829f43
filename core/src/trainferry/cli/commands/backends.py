"""ferry backends: what is installed, and what one of them can do."""

from __future__ import annotations

from trainferry.cli.format import table
from trainferry.cli.output import Output
from trainferry.plugins import BACKENDS, EXTENSIONS, Entry, entries

TYPE_CHECKING = False  # as in trainferry/__init__.py
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from trainferry.backend import Backend

DESCRIPTION = (
    """List the installed backends without importing any; with a name, load that one and show what it can do."""
)
EXAMPLES = [("ferry backends", "all of them"), ("ferry backends local", "what one can do, and its settings")]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="load this backend and show what it can do")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0; 1 if the named backend can't be used or two distributions claim one name."""
    output = Output(arguments)
    return _list(output) if arguments.name is None else _one(arguments.name, output)


def _list(output: Output) -> int:
    found = entries(BACKENDS)
    extensions = entries(EXTENSIONS)
    output.document(
        {"backends": [_data(entry) for entry in found], "extensions": [_data(entry) for entry in extensions]}
    )
    if found:
        output.answer(_rows("BACKEND", found))
    else:
        output.say("no backend is installed; the local one comes with: pip install trainferry-local")
    if extensions:
        output.answer("\n" + _rows("EXTENSION", extensions))
    names = [entry.name for entry in found]
    doubles = sorted({name for name in names if names.count(name) > 1})
    for name in doubles:
        claims = " and ".join(str(entry) for entry in found if entry.name == name)
        output.say(f"error: '{name}' is claimed twice, by {claims}; uninstall one of them")
    return 1 if doubles else 0


def _rows(title: str, found: list[Entry]) -> str:
    return table((title, "DISTRIBUTION", "VERSION"), [(e.name, e.distribution, e.version) for e in found])


def _data(entry: Entry) -> dict[str, str]:
    return {"name": entry.name, "distribution": entry.distribution, "version": entry.version, "target": entry.target}


def _one(name: str, output: Output) -> int:
    from trainferry.hookspecs import REQUIRED  # noqa: PLC0415  (listing stays light)
    from trainferry.plugins import find, load_backend  # noqa: PLC0415

    entry = find(BACKENDS, name)
    backend = load_backend(name)
    settings = _settings(backend)
    missing = sorted(set(REQUIRED) - backend.capabilities)
    output.document(
        {**_data(entry), "capabilities": sorted(backend.capabilities), "missing": missing, "settings": settings}
    )
    output.answer(f"{name}: {entry.distribution} {entry.version}\ncan do: {', '.join(sorted(backend.capabilities))}")
    if settings:
        rows = [(field["name"], str(field["default"]), field["description"]) for field in settings]
        output.answer(f"settings, below [backends.{name}]:\n" + table(("KEY", "DEFAULT", "MEANING"), rows))
    if missing:
        output.say(f"error: it lacks what every backend needs: {', '.join(missing)}")
    return 1 if missing else 0


def _settings(backend: Backend) -> list[dict[str, Any]]:
    model = backend.settings_model()
    if model is None:
        return []
    return [
        {
            "name": name,
            "default": None if field.is_required() else field.get_default(),
            "description": field.description or "",
        }
        for name, field in model.model_fields.items()
    ]
