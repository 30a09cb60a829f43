"""The pytest fixtures, in a pytest of its own."""

import subprocess
import sys
from pathlib import Path

TEST = """
import os
import ssl
import urllib.request


def test_one(azure):
    assert os.environ["HOME"] != "/"
    azure.admin.add_fault("error", service="aad")


def test_two(azure, azureml_emulator):
    assert azure is azureml_emulator
    assert azure.admin.faults() == [], "faults end with the test that asked for them"
    # Plain Python trusts the emulator too: the variables say whom to trust.
    with urllib.request.urlopen(os.environ["ARM_CLOUD_METADATA_URL"], context=ssl.create_default_context()) as answer:
        assert answer.status == 200
"""


def test_the_fixtures_point_a_test_at_the_emulator(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["azureml_emulator.pytest_plugin"]\n', encoding="utf-8")
    (tmp_path / "test_mine.py").write_text(TEST, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:randomly", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
