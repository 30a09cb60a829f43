"""Names of runs on Azure, and the reference that leads back to one from any machine."""

import re
from dataclasses import dataclass

from trainferry.errors import RunNotFound
from trainferry_azureml.workspace.coordinates import Coordinates

TAG = "trainferry_run"
"""Tag of every run of ours; its value is our run id. No dot in it: the history service would take it for a path."""
SCRIPT_TAG, METRICS_TAG = "trainferry_script", "trainferry_metrics"
"""Tags that tell another machine of the job what it can't know: the script, and the file of metrics that it writes."""
EXPERIMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
"""Names that azureml-core 1.61 lets an experiment have."""
_REFERENCE = re.compile(r"azureml:/([^/]+)/([^/]+)/([^/]+)/([^/]+)/([A-Za-z0-9][A-Za-z0-9_-]*)")


@dataclass(frozen=True, slots=True)
class Reference:
    """One run on Azure. The workspace is part of it, so that other settings on another day still find the run."""

    coordinates: Coordinates
    experiment: str
    run: str

    def __str__(self) -> str:
        """The form that the run store keeps."""
        where = self.coordinates
        workspace = f"{where.subscription}/{where.resource_group}/{where.workspace}"
        return f"azureml:/{workspace}/{self.experiment}/{self.run}"

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Read one back; RunNotFound if it is no reference of this backend."""
        match = _REFERENCE.fullmatch(text)
        if not match:
            raise RunNotFound(f"{text!r} is no run on Azure ML", remedy="'ferry runs' lists the runs of this user")
        subscription, group, workspace, experiment, run = match.groups()
        return cls(Coordinates(subscription, group, workspace), experiment, run)


def azure_id(run_id: str) -> str:
    """Our run id as Azure's id of the run: letters, digits, hyphens and underscores only.

    Submitting under an id of our own choosing is what makes a second submit of the same run harmless.
    """
    return re.sub(r"[^A-Za-z0-9_-]", "_", run_id)
