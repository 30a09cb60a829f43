"""Taking back what 'ferry up' made, resource by resource, named as in the plan."""

from typing import TYPE_CHECKING

from trainferry.errors import BackendError, CapabilityMissing
from trainferry_azureml.compute.creating import remove_compute
from trainferry_azureml.inputs.registry import unregister
from trainferry_azureml.workspace.creating import remove_workspace

if TYPE_CHECKING:
    from trainferry.progress import Report
    from trainferry_azureml.sdk.acts import Sdk
    from trainferry_azureml.session import Session


def tear_down(resource: str, session: "Session", sdk: "Sdk", report: "Report") -> None:
    """Remove one resource; what isn't there is no error.

    A registered environment costs nothing, and azureml-core can't remove one: CapabilityMissing. Runs stay: they are
    the user's records. The data of a dataset stays in the storage until the workspace goes; its name is unregistered.
    """
    kind, _, name = resource.partition(":")
    if kind == "compute":
        remove_compute(name, session, sdk, report)
    elif kind == "dataset":
        workspace = session.find()
        if workspace is not None:
            unregister(session, workspace, name)
    elif kind == "workspace":
        remove_workspace(name, session, sdk, report)
    elif kind == "environment":
        raise CapabilityMissing("azureml", "the removal of a registered environment")
    elif kind != "run":
        raise BackendError(
            f"'{resource}' is nothing that this backend makes", remedy="'ferry plan' names the resources"
        )
