"""The layering: every source in order, what each value is in the end, and where it came from."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainferry.config import defaults, environ, flags, keys, project_file, user_file
from trainferry.errors import ConfigError, Location
from trainferry.site import Site


@dataclass(frozen=True, slots=True)
class Layer:
    """The settings of one source."""

    origin: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Value:
    """One setting in the end: its dotted key, its value, and the source that won."""

    key: str
    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class Config:
    """All settings after layering. `layers` go from the weakest to the strongest."""

    layers: tuple[Layer, ...]
    project: Path | None = None
    profile: str | None = None
    warnings: tuple[str, ...] = field(default=())

    @property
    def backend(self) -> str:
        """Name of the backend that runs jobs."""
        return str(self._last("backend"))

    @property
    def extensions(self) -> tuple[str, ...]:
        """Names of the extensions to load."""
        return tuple(self._last("extensions"))

    @property
    def ignore(self) -> frozenset[str]:
        """Ids of findings that are not shown."""
        return frozenset(self._last("ignore"))

    @property
    def rehearse_on(self) -> str:
        """Name of the backend that rehearses jobs on this machine."""
        return str(self._last("rehearse_on"))

    @property
    def job(self) -> dict[str, Any]:
        """What is laid over every job."""
        return self._table("job")

    def backend_settings(self, name: str) -> dict[str, Any]:
        """The `[backends.<name>]` table."""
        table = self._table("backends").get(name, {})
        return dict(table)

    def extension_settings(self, name: str) -> dict[str, Any]:
        """The `[extension_settings.<name>]` table."""
        return dict(self._table("extension_settings").get(name, {}))

    def site(self, *, interactive: bool = False, offline: bool = False) -> Site:
        """The folders that the settings name, as absolute paths."""
        home, cache = (Path(str(self._last(key))).expanduser().absolute() for key in ("home", "cache"))
        return Site(home=home, cache=cache, project=self.project, offline=offline, interactive=interactive)

    def values(self) -> list[Value]:
        """Every setting with the source it came from, by key."""
        found: dict[str, Value] = {}
        for layer in self.layers:
            for key, value in _flatten(layer.data):
                if key.partition(".")[0] != "profiles":
                    found[key] = Value(key, value, layer.origin)
        return [found[key] for key in sorted(found)]

    def origin(self, key: str) -> Location | None:
        """The source of a setting or, if none has it, of the nearest one above, below or beside it."""
        values = self.values()
        while "." in key:
            for value in values:
                if f"{value.key}.".startswith(f"{key}.") or f"{key}.".startswith(f"{value.key}."):
                    return Location(value.origin)
            key = key.rpartition(".")[0]
        return None

    def _last(self, key: str) -> Any:
        return next(layer.data[key] for layer in reversed(self.layers) if key in layer.data)

    def _table(self, key: str) -> dict[str, Any]:
        from trainferry.specs.job import merge  # noqa: PLC0415  (light commands never ask for a table)

        result: dict[str, Any] = {}
        for layer in self.layers:
            result = merge(result, layer.data.get(key, {}))
        return result


def _flatten(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def load_config(
    folder: Path | None = None, *, backend: str | None = None, profile: str | None = None, settings: Iterable[str] = ()
) -> Config:
    """Read every source for a job or command that starts in `folder` (the working folder if left out).

    Raises ConfigError naming the file, variable or flag at fault.
    """
    folder = (folder or Path.cwd()).absolute()
    user, project = user_file.read(), project_file.read(folder)
    files = [Layer(*source) for source in (user, project) if source is not None]
    variables = [Layer(*source) for source in environ.read(os.environ)]
    typed = [Layer(*source) for source in flags.read(settings, backend)]
    for layer in (*variables, *typed):
        keys.check_keys(layer.data, layer.origin)
    chosen = profile or _profile_named(typed) or _profile_named(variables) or _profile_named(files)
    picked = _profile_layers(files, chosen) if chosen else []
    layers = (Layer(defaults.ORIGIN, defaults.read()), *files, *picked, *variables, *typed)
    root = project_file.root(folder, project[0] if project else None)
    unknown = (
        f"the variable {name} names no setting; 'ferry config' lists them" for name in environ.unknown(os.environ)
    )
    return Config(layers, project=root, profile=chosen, warnings=tuple(unknown))


def _profile_named(layers: list[Layer]) -> str | None:
    return next((layer.data["profile"] for layer in reversed(layers) if "profile" in layer.data), None)


def _profile_layers(files: list[Layer], name: str) -> list[Layer]:
    picked = []
    known: list[str] = []
    for layer in files:
        profiles = layer.data.get("profiles", {})
        known += profiles
        if name in profiles:
            picked.append(Layer(f"{layer.origin} [profiles.{name}]", profiles[name]))
    if not picked:
        raise ConfigError(
            f"there is no profile '{name}'",
            where=Location(files[-1].origin) if files else None,
            remedy=f"profiles: {', '.join(sorted(set(known))) or 'none'}; add a table [profiles.{name}]",
        )
    return picked
