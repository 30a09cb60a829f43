"""Azure Machine Learning on this machine: an HTTPS service that the unmodified azureml-core SDK talks to."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azureml_emulator.emulator import AzureMLEmulator as AzureMLEmulator

__version__ = "0.1.0"
__all__ = ["AzureMLEmulator", "__version__"]


def __getattr__(name: str) -> Any:
    """`AzureMLEmulator`, imported when it is asked for: the command line has no use for it."""
    if name == "AzureMLEmulator":
        from azureml_emulator.emulator import AzureMLEmulator  # noqa: PLC0415  (see above)

        return AzureMLEmulator
    raise AttributeError(name)
