"""Finding and loading plugins: entry points are listed without importing anything, only the chosen one is loaded.

The list comes from the `entry_points.txt` files below `sys.path`, read directly: importlib.metadata costs several times
the start of Python itself in an environment of a hundred distributions (see docs/decisions/0001-entry-points.md).
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as in __init__.py
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trainferry.backend import Backend

BACKENDS = "trainferry.backends"
EXTENSIONS = "trainferry.extensions"
EMULATORS = "trainferry.emulators"


OLDEST_INTERFACE = 1
"""Oldest version of the interface whose plugins still load; see docs/explanation/interface-versions.md."""


class PluginWarning(UserWarning):
    """A plugin can't be used; everything else goes on without it."""


class Entry:
    """One entry point: a name, the `module:attribute` behind it, and the distribution that brought it."""

    __slots__ = ("distribution", "group", "name", "target", "version")

    def __init__(self, group: str, name: str, target: str, distribution: str, version: str) -> None:
        self.group = group
        self.name = name
        self.target = target
        self.distribution = distribution
        self.version = version

    def __str__(self) -> str:
        """`name (distribution version)`, as messages name a plugin."""
        return f"{self.name} ({self.distribution} {self.version})"


def entries(group: str, path: Iterable[str] | None = None) -> list[Entry]:
    """All entry points of a group on `path` (sys.path if left out), by name; nothing is imported.

    A distribution that is found twice counts once: as for imports, the first one wins.
    """
    found: list[Entry] = []
    seen: set[str] = set()
    for folder in sys.path if path is None else path:
        for distribution, version, file in _metadata_folders(folder or "."):
            key = distribution.lower().replace("_", "-").replace(".", "-")
            if key not in seen:
                seen.add(key)
                found += [Entry(group, name, target, key, version) for name, target in _read_group(file, group)]
    return sorted(found, key=lambda entry: (entry.name, entry.distribution))


def _metadata_folders(folder: str) -> Iterator[tuple[str, str, str]]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        if name.endswith((".dist-info", ".egg-info")):
            distribution, _, version = name.rpartition(".")[0].partition("-")
            yield distribution, version.partition("-py")[0] or "?", f"{folder}/{name}/entry_points.txt"


def _read_group(file: str, group: str) -> Iterator[tuple[str, str]]:
    try:
        with open(file, encoding="utf-8") as stream:
            text = stream.read()
    except (OSError, UnicodeDecodeError):
        return
    if group not in text:
        return
    inside = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            inside = line[1:].rstrip("]").strip() == group
        elif inside and line and line[0] not in "#;":
            name, equals, target = line.partition("=")
            if equals:
                yield name.strip(), target.strip()


def find(group: str, name: str) -> Entry:
    """The entry point of that name; PluginError if there is none, or if two distributions claim it."""
    from trainferry.errors import PluginError  # noqa: PLC0415  (listing raises nothing)

    available = entries(group)
    matches = [entry for entry in available if entry.name == name]
    if len(matches) > 1:
        claims = " and ".join(str(entry) for entry in matches)
        raise PluginError(
            f"two distributions bring a plugin named '{name}': {claims}",
            remedy=f"uninstall one of them: pip uninstall {matches[-1].distribution}",
        )
    if matches:
        return matches[0]
    known = sorted({entry.name for entry in available})
    raise PluginError(
        f"there is no plugin '{name}' in {group}",
        remedy=_suggestion(name, known)
        + f"installed: {', '.join(known) or 'none'}; another one comes with the distribution of its authors",
    )


def _suggestion(name: str, known: list[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  (only when something went wrong)

    close = get_close_matches(name, known, n=1)
    return f"did you mean '{close[0]}'? " if close else ""


def target(entry: Entry) -> object:
    """What an entry point names, imported; whatever goes wrong in that is raised as it is."""
    from importlib import import_module  # noqa: PLC0415

    module, _, attribute = entry.target.partition(":")
    found: object = import_module(module)
    for part in filter(None, attribute.split(".")):
        found = getattr(found, part)
    return found


def load(entry: Entry) -> object:
    """Import a plugin's class and make the plugin; PluginError names the distribution, its version and the cause."""
    from trainferry.errors import PluginError  # noqa: PLC0415

    try:
        made = target(entry)
        plugin: object = made() if callable(made) else made
    except Exception as error:
        raise PluginError(
            f"the plugin {entry} can't be loaded: {type(error).__name__}: {error}",
            remedy=f"reinstall or update it: pip install --upgrade {entry.distribution}",
        ) from error
    _check_version(entry, plugin)
    return plugin


def _check_version(entry: Entry, plugin: object) -> None:
    from trainferry.errors import PluginError  # noqa: PLC0415
    from trainferry.hookspecs import INTERFACE_VERSION  # noqa: PLC0415

    stated = getattr(plugin, "interface_version", None)
    if not isinstance(stated, int):
        raise PluginError(
            f"the plugin {entry} doesn't say which interface version it was written for",
            remedy=f"its authors add interface_version = {INTERFACE_VERSION} to {entry.target}",
        )
    if OLDEST_INTERFACE <= stated <= INTERFACE_VERSION:
        return
    older = stated < OLDEST_INTERFACE
    takes = f"{OLDEST_INTERFACE} to " if OLDEST_INTERFACE < INTERFACE_VERSION else ""
    raise PluginError(
        f"the plugin {entry} was written for interface version {stated}, this core has {takes}{INTERFACE_VERSION}",
        remedy=f"pip install --upgrade {entry.distribution if older else 'trainferry-core'}",
    )


def load_backend(name: str, extensions: Iterable[str] = ()) -> Backend:
    """The backend of that name with the named extensions around it.

    The backend itself must load; an extension that doesn't costs one warning and is left out.
    """
    import warnings  # noqa: PLC0415

    from trainferry.backend import Backend  # noqa: PLC0415
    from trainferry.errors import PluginError  # noqa: PLC0415

    plugin = load(find(BACKENDS, name))
    around: dict[str, object] = {}
    for extension in extensions:
        try:
            around[extension] = load(find(EXTENSIONS, extension))
        except PluginError as error:
            warnings.warn(f"{error.message}; going on without it", PluginWarning, stacklevel=2)
    return Backend(name, plugin, extensions=around)
