"""Tokens for Azure's services, from whichever credential the settings name. They live in memory and nowhere else."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from trainferry_azureml.auth.refusals import explained

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from trainferry_azureml.auth.choice import Choice


class Tokens:
    """Hands out tokens for one audience, from any thread; nothing is asked for before the first one is needed."""

    def __init__(self, choose: "Callable[[], Choice]", scope: Callable[[], str]) -> None:
        self._choose = choose
        self._scope = scope
        self._lock = threading.Lock()
        self._choice: Choice | None = None
        self._credential: TokenCredential | None = None

    @property
    def choice(self) -> "Choice":
        """Which way of logging in is used, and why."""
        if self._choice is None:
            self._choice = self._choose()
        return self._choice

    def token(self, scope: str | None = None) -> str:
        """A token that holds for some minutes at least; BackendError saying what to do where there is none."""
        from azure.core.exceptions import AzureError

        with self._lock:
            if self._credential is None:
                self._credential = self.choice.make()
            wanted, start = scope or self._scope(), time.monotonic()
            try:
                return self._credential.get_token(wanted).token
            except AzureError as error:
                raise explained(self.choice.kind, error, time.monotonic() - start) from error

    def header(self) -> dict[str, str]:
        """The header that signs a request."""
        return {"Authorization": f"Bearer {self.token()}"}

    def renew(self) -> None:
        """Forget what is held: a service refused it, although it should still be good."""
        with self._lock:
            self._credential = None
