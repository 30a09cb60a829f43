"""The cluster that a run is on: how to speak to it, and whether this machine sees what its nodes write."""

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from trainferry.errors import BackendError
from trainferry.progress import Report
from trainferry.site import Site
from trainferry_ray.api import RayApi
from trainferry_ray.node.folders import storage_of
from trainferry_ray.own.cluster import OwnCluster
from trainferry_ray.settings import RaySettings

OWN = "own"
"""Stands for the cluster on this machine, where others stand by their address."""

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,250}")


def is_run_id(text: str) -> bool:
    """Whether a text can be the id of a run: nothing that leads elsewhere, in a path or in an address."""
    return bool(_RUN_ID.fullmatch(text))


@dataclass(frozen=True, slots=True)
class Ref:
    """The backend's name of a run, `RUN_ID@CLUSTER`: so that it is found although the settings name another cluster."""

    run_id: str
    cluster: str

    @classmethod
    def parse(cls, text: str) -> "Ref | None":
        """The reference that a text stands for; None if it can be none of ours."""
        run_id, at, cluster = text.partition("@")
        if not at or not is_run_id(run_id) or not (cluster == OWN or cluster.startswith(("http://", "https://"))):
            return None
        return cls(run_id, cluster)

    def __str__(self) -> str:
        return f"{self.run_id}@{self.cluster}"


class Target:
    """One cluster, as a client sees it."""

    def __init__(self, name: str, site: Site, settings: RaySettings) -> None:
        self.name = name
        self.settings = settings
        self.own = OwnCluster(site.backend_home("ray"), settings) if name == OWN else None
        self._api: RayApi | None = None

    @property
    def title(self) -> str:
        """The cluster in words."""
        return "the Ray cluster on this machine" if self.own else f"the Ray cluster at {self.name}"

    @property
    def storage(self) -> str:
        """The folder on the nodes, as the nodes are told it."""
        return str(self.own.storage) if self.own else self.settings.storage

    @cached_property
    def visible(self) -> Path | None:
        """The same folder, if this machine sees it too."""
        if self.own:
            return self.own.storage
        folder = storage_of(self.settings.storage)
        return folder if self.shares(folder) and not self.settings.storage.startswith("~") else None

    def shares(self, path: Path) -> bool:
        """Whether the nodes see a path of this machine under the same name."""
        return bool(self.own) or any(path.is_relative_to(Path(folder).absolute()) for folder in self.settings.shared)

    @property
    def dashboard(self) -> str | None:
        """Address of the cluster's dashboard; None if it is one of its own and doesn't run."""
        if self.own is None:
            return self.name
        record = self.own.record()
        return str(record["address"]) if record else None

    def api(self) -> RayApi | None:
        """The cluster's job service, its version checked; None if it is one of its own and doesn't run."""
        if self.own is not None:
            record = self.own.record()
            return RayApi(record["address"], self.own.token()) if record else None
        if self._api is None:
            self._api = RayApi(self.name, _token(self.settings))
        self._api.versions()
        return self._api

    def running_api(self) -> RayApi:
        """The cluster's job service; BackendError if it doesn't run."""
        api = self.api()
        if api is None:
            raise BackendError(f"{self.title} doesn't run", remedy="ferry up --on ray starts it, and so does a run")
        return api

    def started_api(self, report: Report) -> RayApi:
        """The cluster's job service; one of its own is started if need be."""
        if self.own:
            self.own.start(report)
        return self.running_api()


class Targets:
    """The clusters of this user: the one that the settings name, and those that earlier runs went to."""

    def __init__(self, site: Site, settings: RaySettings) -> None:
        self._site = site
        self._settings = settings
        self._known: dict[str, Target] = {}

    @property
    def current(self) -> Target:
        """The one that the settings name."""
        return self.named(self._settings.address.rstrip("/") or OWN)

    def named(self, name: str) -> Target:
        """The one of that name."""
        if name not in self._known:
            self._known[name] = Target(name, self._site, self._settings)
        return self._known[name]


def _token(settings: RaySettings) -> str:
    """The token for a cluster by address: where Ray itself looks, then the file of the settings."""
    if token := os.environ.get("RAY_AUTH_TOKEN"):
        return token.strip()
    file = os.environ.get("RAY_AUTH_TOKEN_PATH") or settings.token_file
    if not file:
        return ""
    try:
        return Path(file).expanduser().read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BackendError(
            f"can't read the token file {file}: {error.strerror}", remedy="correct backends.ray.token_file"
        ) from error
