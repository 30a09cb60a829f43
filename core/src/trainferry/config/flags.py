"""Settings from the command line: `--on`, `--profile` and `--set KEY=VALUE`."""

from collections.abc import Iterable
from typing import Any

from trainferry.config.keys import KEYS, nest, parse_text
from trainferry.errors import ConfigError


def read(settings: Iterable[str], backend: str | None = None) -> list[tuple[str, dict[str, Any]]]:
    """One layer for each flag. A key that is no setting is a field of the job: `compute.size` is `job.compute.size`."""
    layers: list[tuple[str, dict[str, Any]]] = []
    for setting in settings:
        key, equals, text = setting.partition("=")
        path = [part.strip() for part in key.split(".")]
        if not equals or not all(path):
            raise ConfigError(
                f"--set {setting}: not KEY=VALUE", remedy="write it like --set compute.size=Standard_NC4as_T4_v3"
            )
        if path[0] not in KEYS:
            path = ["job", *path]
        layers.append((f"--set {key}", nest(path, parse_text(text))))
    if backend is not None:
        layers.append(("--on", {"backend": backend}))
    return layers
