"""One session with Azure: settings, login and workspace, each looked up when it is first needed and then kept."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from trainferry.errors import BackendError
from trainferry_azureml.auth.choice import choose
from trainferry_azureml.auth.tokens import Tokens
from trainferry_azureml.cloud import Cloud, find_cloud
from trainferry_azureml.service.http import Http, Limits
from trainferry_azureml.watch.logs import Logs
from trainferry_azureml.workspace.coordinates import Coordinates, find_coordinates
from trainferry_azureml.workspace.opening import Workspace, find_workspace

if TYPE_CHECKING:
    from trainferry.site import Site
    from trainferry_azureml.data import Patience
    from trainferry_azureml.settings import AzureMLSettings


class Session:
    """What every act of this backend works with; safe for many threads. Making one asks nobody."""

    def __init__(self, settings: "AzureMLSettings", site: "Site") -> None:
        self.settings = settings
        self.site = site
        self.home = site.backend_home("azureml")
        self.tokens = Tokens(lambda: choose(settings, self.cloud, site), lambda: self.cloud.scope)
        self.http = Http(self.tokens, Limits(settings.answer_seconds, settings.retry_seconds))
        self._lock = threading.RLock()
        self._open: dict[Coordinates, Workspace] = {}

    @cached_property
    def cloud(self) -> Cloud:
        """The cloud that the settings name."""
        return find_cloud(self.settings.cloud, self.settings.look_seconds)

    @property
    def patience(self) -> "Patience":
        """How long the storage is waited for, and tried again: as long as any other service, now."""
        from trainferry_azureml.data import Patience

        limits = self.http.limits
        return Patience(seconds=limits.retry, timeout=limits.answer)

    @contextmanager
    def looking(self) -> Iterator[None]:
        """While it lasts, this thread only looks at the cloud: no service is waited for longer than `look_seconds`."""
        with self.http.within(self.settings.look_seconds):
            yield

    @cached_property
    def coordinates(self) -> Coordinates:
        """The workspace that settings or `.azureml/config.json` name; ConfigError if neither does."""
        return find_coordinates(self.settings, self.site)

    @cached_property
    def logs(self) -> Logs:
        """Reads logs, and remembers where each one is."""
        return Logs(self)

    def find(self, coordinates: Coordinates | None = None) -> Workspace | None:
        """A workspace (the configured one if left out), or None if it isn't there."""
        where = coordinates or self.coordinates
        with self._lock:
            if where not in self._open:
                found = find_workspace(self.cloud, self.http, where)
                if found is None:
                    return None
                self._open[where] = found
            return self._open[where]

    def workspace(self, coordinates: Coordinates | None = None) -> Workspace:
        """An open workspace; BackendError saying how to make it if it isn't there."""
        found = self.find(coordinates)
        if found is None:
            where = coordinates or self.coordinates
            raise BackendError(
                f"there is no workspace '{where.workspace}' in the resource group '{where.resource_group}', "
                "or this login may not see it",
                remedy="'ferry up JOB' creates it, after showing what will be created",
            )
        return found

    def forget(self, coordinates: Coordinates) -> None:
        """Look the workspace up again the next time: it was created or removed."""
        with self._lock:
            self._open.pop(coordinates, None)
