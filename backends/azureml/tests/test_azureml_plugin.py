"""What a command pays that only lists backends: nothing of Azure may be imported for it."""

import subprocess
import sys

HEAVY = ("azure", "azureml", "msal", "requests", "pydantic")


def test_importing_the_plugin_imports_nothing_of_azure() -> None:
    code = f"import sys; import trainferry_azureml.plugin; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
