"""Each act that goes through azureml-core: quietly, tried again while a failure may pass, and then explained."""

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from trainferry_azureml.sdk.failures import close_pools, status_of, translated
from trainferry_azureml.sdk.loading import quiet
from trainferry_azureml.sdk.silence import SilenceWatch
from trainferry_azureml.service.errors import Unreachable
from trainferry_azureml.service.http import PASSING, RENEWALS, pause_before

if TYPE_CHECKING:
    from trainferry_azureml.session import Session
    from trainferry_azureml.workspace.coordinates import Coordinates

T = TypeVar("T")
_UNAUTHORIZED = 401


class Sdk:
    """azureml-core with our login. `act` wraps every use of it."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._workspaces: dict[Coordinates, Any] = {}
        self._experiments: dict[tuple[Coordinates, str], Any] = {}

    def act(self, doing: str, what: Callable[[], T], done: Callable[[], T | None] = lambda: None) -> T:
        """Do something that may be repeated; `done` looks, after a failure, whether it was done all the same.

        A service that says nothing is waited for as long as the settings allow, and no longer. Raises an error of ours,
        with the cause in one message.
        """
        deadline = time.monotonic() + self._session.settings.retry_seconds
        attempt = 0
        renewals = 0
        while True:
            watch = SilenceWatch(self._session.settings.answer_seconds)
            try:
                with quiet(self._session.site.cache), watch:
                    return what()
            except Exception as error:
                close_pools(error)
                self.forget_all()
                pause = pause_before(attempt, None)
                ours = translated(error, doing, watch.silence)
                if status_of(error) == _UNAUTHORIZED and renewals < RENEWALS:
                    renewals += 1
                    self._session.tokens.renew()
                elif not self._may_pass(error, ours) or time.monotonic() + pause > deadline:
                    raise ours from error
            already = done()
            if already is not None:
                return already
            time.sleep(pause)
            attempt += 1

    @staticmethod
    def _may_pass(error: Exception, ours: Exception) -> bool:
        status = status_of(error)
        return status in PASSING if status is not None else isinstance(ours, Unreachable)

    @cached_property
    def authentication(self) -> Any:
        """Our login in the SDK's terms."""
        from trainferry_azureml.sdk.authentication import FerryAuthentication

        tokens = self._session.tokens
        return FerryAuthentication(
            lambda audience: tokens.token(f"{audience.rstrip('/')}/.default"), self._session.cloud.name
        )

    def workspace(self, where: "Coordinates") -> Any:
        """The SDK's workspace object, looked up once; to be called inside an act."""
        if where not in self._workspaces:
            from azureml.core import Workspace

            found = Workspace(where.subscription, where.resource_group, where.workspace, auth=self.authentication)
            # The SDK swallows a failure to learn the workspace's id, and breaks on the missing id much later.
            if not found.service_context.workspace_id:
                raise Unreachable(f"Azure didn't tell the id of the workspace {where.workspace}", remedy="try again")
            self._workspaces[where] = found
        return self._workspaces[where]

    def experiment(self, where: "Coordinates", name: str) -> Any:
        """The SDK's experiment object, made or looked up once; to be called inside an act."""
        if (where, name) not in self._experiments:
            from azureml.core import Experiment

            self._experiments[where, name] = Experiment(self.workspace(where), name)
        return self._experiments[where, name]

    def forget_all(self) -> None:
        """Look workspaces and experiments up again the next time: one was removed, or may be half made."""
        self._workspaces.clear()
        self._experiments.clear()
