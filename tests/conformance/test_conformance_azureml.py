"""The conformance kit on the Azure ML backend, against the emulator: over TLS, with the SDK as it is."""

import sys
from collections.abc import Iterator

import pytest

from azureml_emulator import AzureMLEmulator
from trainferry.testing import Target
from trainferry.testing.suite import *  # noqa: F403

pytestmark = pytest.mark.slow

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
JOB = {
    "environment": {"name": "plain", "python": PYTHON},
    "compute": {"name": "cpu-cluster", "size": "Standard_DS3_v2", "max_nodes": 4},
}


@pytest.fixture(scope="module")
def backend_under_test(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A workspace of an emulator that lives as long as the tests of this module."""
    folder = tmp_path_factory.mktemp("azure")
    with AzureMLEmulator(folder / "state") as azure, pytest.MonkeyPatch.context() as patch:
        for name, value in {**azure.environ(), "HOME": str(folder)}.items():
            patch.setenv(name, value)
        settings = {
            "subscription": azure.subscription_id,
            "resource_group": azure.resource_group,
            "workspace": azure.workspace,
            "retry_seconds": 20,
        }
        yield Target("azureml", settings=settings, job=JOB, pace=0.2, patience=120, slow_seconds=5, cancel_seconds=60)
