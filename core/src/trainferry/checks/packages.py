"""What the packages of an environment are: their versions as far as they are held, and what they bring along."""

import json
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.specs.environment import EnvironmentSpec

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.version import Version

_KERAS_3 = "2.16"
"""The first TensorFlow that comes with Keras 3 (its release notes)."""


def normal(name: str) -> str:
    """A distribution's name as indexes compare it (PEP 503)."""
    return name.strip().lower().replace("_", "-").replace(".", "-")


@cache
def brings(name: str) -> frozenset[str] | None:
    """What a well-known package brings along; None if that isn't known. Made by bench/known_packages.py."""
    table = _closures()
    return frozenset(table[name].split()) if name in table else None


@cache
def _closures() -> dict[str, str]:
    text = (Path(__file__).parent / "closures.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


class Packages:
    """The packages of an environment, read from what is declared."""

    def __init__(self, environment: EnvironmentSpec) -> None:
        self.environment = environment

    @cached_property
    def requirements(self) -> "dict[str, Requirement]":
        """The pip requirements that can be read, by normal name."""
        from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415  (20 ms)

        found = {}
        for text in self.environment.pip:
            try:
                requirement = Requirement(text.partition(" #")[0].strip())
            except InvalidRequirement:
                continue  # the resolver speaks of it, in its own words
            found[normal(requirement.name)] = requirement
        return found

    @cached_property
    def conda(self) -> dict[str, str]:
        """Versions of the conda packages by name; empty where none is given. A channel before `::` is left out."""
        found = {}
        for text in self.environment.conda:
            name, version = _conda_parts(text)
            found[normal(name)] = version
        return found

    @cached_property
    def declared(self) -> frozenset[str]:
        """Names of all packages that the job asks for."""
        return frozenset(self.requirements) | frozenset(self.conda)

    @cached_property
    def is_open(self) -> bool:
        """Whether it may hold more than can be known from the job: a ready-made one, or unknown packages."""
        environment = self.environment
        if environment.curated or environment.dockerfile:
            return True
        if environment.image and not (environment.pip or environment.conda):
            return True
        return len(environment.pip) != len(self.requirements) or any(brings(name) is None for name in self.declared)

    @cached_property
    def everything(self) -> frozenset[str]:
        """All names that are sure to be there: what is declared, and what that is known to bring along."""
        return self.declared.union(*(brings(name) or () for name in self.declared))

    def version(self, name: str) -> "Version | None":
        """The exact version that a package is held at, by `==` or by this interpreter; None if it isn't held."""
        from packaging.version import InvalidVersion, Version  # noqa: PLC0415

        text = self._held(name)
        try:
            return Version(text) if text else None
        except InvalidVersion:
            return None

    def _held(self, name: str) -> str | None:
        if self.environment.current:
            try:
                return metadata.version(name)
            except metadata.PackageNotFoundError:
                return None
        if name in self.conda:
            return self.conda[name]
        requirement = self.requirements.get(name)
        for part in requirement.specifier if requirement else ():
            if part.operator in ("==", "===", "~="):
                return part.version.removesuffix(".*")
        return None

    def has(self, name: str) -> bool:
        """Whether a package is surely there."""
        if self.environment.current:
            return self._held(name) is not None
        return name in self.everything

    def at_least(self, name: str, version: str) -> bool | None:
        """Whether a package that is there is of this version or newer; None if that can't be told.

        One that nothing holds is taken at its newest: that is what gets installed.
        """
        from packaging.version import Version  # noqa: PLC0415

        held = self.version(name)
        if held is not None:
            return held >= Version(version)
        if not self.has(name) or self.environment.current:
            return None
        requirement = self.requirements.get(name)
        for part in requirement.specifier if requirement else ():
            if part.operator in ("<", "<="):
                return None if Version(part.version) > Version(version) else False
        return True

    def allows(self, name: str, version: str) -> bool:
        """Whether what is declared leaves room for this version of a package."""
        requirement = self.requirements.get(name)
        if self.conda.get(name):
            return self.conda[name].startswith(version)
        return requirement is None or requirement.specifier.contains(version, prereleases=True)

    @cached_property
    def tensorflow(self) -> str | None:
        """The name under which TensorFlow is there, if it is."""
        names = ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "intel-tensorflow", "tensorflow-rocm")
        return next((name for name in names if self.has(name)), None)

    @cached_property
    def keras(self) -> int | None:
        """The major version of Keras that `import keras` gives; None if that can't be told."""
        held = self.version("keras")
        if held is not None:
            return held.major
        if self.tensorflow:
            newer = self.at_least(self.tensorflow, _KERAS_3)
            return None if newer is None else 3 if newer else 2
        if "keras" in self.declared:
            newer = self.at_least("keras", "3")
            return None if newer is None else 3 if newer else 2
        return None


def _conda_parts(text: str) -> tuple[str, str]:
    """Name and version of `channel::name=1.2=build`, `name==1.2`, `name>=1.2` and `name`."""
    name = text.rpartition("::")[2].strip()
    for mark in ("==", "=", ">", "<", "!", "~", " "):
        if mark in name:
            first, _, rest = name.partition(mark)
            version = rest.partition("=")[0].strip() if mark in ("==", "=") else ""
            return first.strip(), version.rstrip("*").rstrip(".")
    return name, ""
