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
    "compute": {"name": "kit-cluster", "size": "Standard_DS3_v2", "max_nodes": 4},
}


@pytest.fixture(scope="module")
def backend_under_test(emulator: AzureMLEmulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The workspace of the emulator, with a cluster for these tests alone."""
    settings = {
        "subscription": emulator.subscription_id,
        "resource_group": emulator.resource_group,
        "workspace": emulator.workspace,
        "retry_seconds": 20,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**emulator.environ(), "HOME": str(tmp_path_factory.mktemp("home"))}.items():
            patch.setenv(name, value)
        yield Target("azureml", settings=settings, job=JOB, pace=0.2, patience=120, slow_seconds=5, cancel_seconds=60)
