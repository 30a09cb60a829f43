"""Everything that the services share: one emulated cloud."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from azureml_emulator.clock import Clock
from azureml_emulator.faults.book import FaultBook
from azureml_emulator.places import State
from azureml_emulator.server.settings import Settings
from azureml_emulator.storage.blobs import Blobs
from azureml_emulator.store import Store

if TYPE_CHECKING:
    from azureml_emulator.execution.runner import Runner
    from azureml_emulator.server.middleware import Gate


@dataclass(slots=True)
class Cloud:
    """Handed to every request."""

    settings: Settings
    state: State
    store: Store
    blobs: Blobs
    clock: Clock
    faults: FaultBook
    runner: "Runner"
    gate: "Gate | None" = None
    """What every request passes; set when the application is made."""

    @property
    def url(self) -> str:
        """Root of every service, without a slash at the end."""
        return f"https://127.0.0.1:{self.settings.port}"
