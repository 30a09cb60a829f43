"""What the tests of the Azure ML backend share: the emulator without faults, and a laboratory in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from azure_lab import ECHO, Lab
from azureml_emulator import AzureMLEmulator


@pytest.fixture
def azure(emulator: AzureMLEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureMLEmulator]:
    """The emulator, with this process's variables pointing at it; faults end with the test."""
    for name, value in emulator.environ().items():
        monkeypatch.setenv(name, value)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("TRAINFERRY_PROFILE", "TRAINFERRY_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    yield emulator
    emulator.admin.clear_faults()


@pytest.fixture
def lab(azure: AzureMLEmulator, tmp_path: Path) -> Lab:
    """A project with a script that prints its arguments."""
    made = Lab(tmp_path, azure)
    made.write(ECHO)
    return made
