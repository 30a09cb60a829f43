"""What the tests that cross distributions share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from azureml_emulator import AzureMLEmulator

pytest_plugins = ["trainferry.testing.plugin"]

ROOT = Path(__file__).resolve().parents[1]
CODE = ("core", "backends", "extensions", "emulator", "training", "tests", "bench", "docs", ".ci")


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def python_files() -> list[Path]:
    """Every Python file of the checkout, as paths relative to it; what a virtual environment holds is not ours."""
    found = [file for folder in CODE for file in (ROOT / folder).rglob("*.py")]
    return sorted(file.relative_to(ROOT) for file in found if ".venv" not in file.parts)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureMLEmulator]:
    """One Azure ML for all tests: within one process the SDK goes on trusting the first one's certificates only."""
    with AzureMLEmulator(tmp_path_factory.mktemp("azure") / "state") as azure:
        yield azure
