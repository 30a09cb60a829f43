"""What the tests that cross distributions share."""

from pathlib import Path

import pytest

pytest_plugins = ["trainferry.testing.plugin"]

ROOT = Path(__file__).resolve().parents[1]
CODE = ("core", "backends", "extensions", "training", "tests", "bench", "docs", ".ci")


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def python_files() -> list[Path]:
    """Every Python file of the checkout, as paths relative to it; what a virtual environment holds is not ours."""
    found = [file for folder in CODE for file in (ROOT / folder).rglob("*.py")]
    return sorted(file.relative_to(ROOT) for file in found if ".venv" not in file.parts)
