"""Fixtures for whoever tests against Azure ML. Opt in: `pytest_plugins = ["azureml_emulator.pytest_plugin"]`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from azureml_emulator.emulator import AzureMLEmulator


@pytest.fixture(scope="session")
def azureml_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureMLEmulator]:
    """One emulator for the whole session; its state is gone afterwards."""
    with AzureMLEmulator(tmp_path_factory.mktemp("azureml-emulator")) as emulator:
        yield emulator


@pytest.fixture
def azure(
    azureml_emulator: AzureMLEmulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[AzureMLEmulator]:
    """The emulator, with this process's variables pointing at it and a home of the test's own; faults end with it."""
    for name, value in azureml_emulator.environ().items():
        monkeypatch.setenv(name, value)
    # The SDK keeps addresses of services and snapshots below the home folder.
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    yield azureml_emulator
    azureml_emulator.admin.clear_faults()
