"""What the tests of the services share: one emulator, and a client that speaks its wire."""

from collections.abc import Iterator

import pytest

from azureml_emulator import AzureMLEmulator
from wire_client import Wire


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureMLEmulator]:
    """One emulator for all tests that leave it as it was."""
    with AzureMLEmulator(tmp_path_factory.mktemp("emulator") / "state") as azure:
        yield azure


@pytest.fixture
def wire(emulator: AzureMLEmulator) -> Iterator[Wire]:
    """A client of the shared emulator; faults end with the test."""
    with Wire(emulator) as made:
        yield made
    emulator.admin.clear_faults()
