"""State of environments: every version of every name, as it was registered."""

from typing import Any

from azureml_emulator.environment.curated import definitions
from azureml_emulator.server.cloud import Cloud
from azureml_emulator.server.errors import ServiceError, user_error

KIND = "environment"
_RESERVED = ("azureml-", "azureml_")
_PARTS = ("python", "environmentVariables", "docker", "spark", "inferencingStackVersion", "r")


def _prefix(scope: str, name: str) -> str:
    return f"{scope.lower()}/environments/{name}/"


def versions(cloud: Cloud, scope: str, name: str) -> list[dict[str, Any]]:
    """All versions of an environment, oldest first."""
    curated = definitions().get(name)
    return [curated] if curated else cloud.store.find(KIND, _prefix(scope, name))


def get(cloud: Cloud, scope: str, name: str, version: str | None = None) -> dict[str, Any]:
    """One version of an environment, the newest if none is named; 404 if there is none."""
    found = [one for one in versions(cloud, scope, name) if version in (None, one["version"])]
    if not found:
        what = f"{name}, version {version}" if version else name
        raise ServiceError(404, "NotFound", f"No environment exists for name: {what}")
    return found[-1]


def register(cloud: Cloud, scope: str, name: str, body: dict[str, Any], version: str | None) -> dict[str, Any]:
    """Register a definition. An equal one makes no new version; a different one under a taken version is a 409."""
    if name.lower().startswith(_RESERVED):
        raise user_error(f"Environment name can't start with the prefix 'AzureML'. Name provided: {name}")
    if not name or len(name) > 255:  # noqa: PLR2004  (the service's limit)
        raise user_error("An environment needs a name of at most 255 characters.")
    definition = {"name": name, **{part: _part(body, part) for part in _PARTS}}
    with cloud.store.transaction():
        known = versions(cloud, scope, name)
        for one in known if version is None else [one for one in known if one["version"] == version]:
            if {**one, "version": None} == {**definition, "version": None}:
                return one
            if version is not None:
                raise ServiceError(409, "Conflict", f"Environment {name} has another definition in version {version}.")
        number = version or str(max((int(one["version"]) for one in known if one["version"].isdigit()), default=0) + 1)
        definition["version"] = number
        cloud.store.put(KIND, f"{_prefix(scope, name)}{number}", definition)
    return definition


def _part(body: dict[str, Any], part: str) -> Any:
    """A part of a definition, however its first letter is written."""
    return body.get(part, body.get(part[0].upper() + part[1:]))


def list_all(cloud: Cloud, scope: str) -> list[dict[str, Any]]:
    """The newest version of every environment, curated ones first."""
    newest = {one["name"]: one for one in cloud.store.find(KIND, f"{scope.lower()}/environments/")}
    return [*definitions().values(), *newest.values()]
