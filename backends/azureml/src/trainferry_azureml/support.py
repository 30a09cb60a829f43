"""The warning that azureml-core is out of support: given once to each user, since repeating it mends nothing."""

from typing import TYPE_CHECKING

from trainferry_azureml.findings import finding

if TYPE_CHECKING:
    from pathlib import Path

    from trainferry.specs.finding import Finding

ENDED = "2026-06-30"
"""The day that Microsoft's page "Upgrade to v2" names as the end of support of the SDK v1."""
_TEXT = (
    f"azureml-core, through which this backend speaks to Azure ML, left Microsoft's support on {ENDED}: the services "
    "and what runs on them go on, but faults of the SDK are mended no more"
)
_REMEDY = "nothing needs to be done now; job files will run unchanged on a backend for its successor, azure-ai-ml"


def support_note(severity: str = "note") -> "Finding":
    """The finding that says so."""
    return finding("azureml-core-support-ended", severity, _TEXT, _REMEDY)


def support_warning(home: "Path") -> "list[Finding]":
    """The warning, unless this user got it before; whoever shows it calls `told`."""
    return [] if _mark(home).exists() else [support_note("warning")]


def told(home: "Path") -> None:
    """Remember that the warning was given."""
    mark = _mark(home)
    try:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    except OSError:  # a home that can't be written to: it will be said again, which does no harm
        return


def _mark(home: "Path") -> "Path":
    return home / "told-support-ended"
