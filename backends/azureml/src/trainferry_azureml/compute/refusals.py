"""Azure's own refusals of a cluster, turned into the words that a plan would have had for them."""

from typing import TYPE_CHECKING

from trainferry.errors import BackendError, FerryError
from trainferry_azureml.compute.limits import cores_of, quota_of, region_of
from trainferry_azureml.compute.reading import offered_sizes
from trainferry_azureml.compute.words import ASK_FOR_QUOTA, no_quota, not_offered, retired

if TYPE_CHECKING:
    from trainferry.specs.compute import ComputeSpec
    from trainferry_azureml.session import Session
    from trainferry_azureml.workspace.opening import Workspace

_QUOTA = ("quota", "corequotareached", "operationnotallowed")
_SIZE = ("vmsize", "not supported in", "skunotavailable", "not available in")
_NAME = ("invalidcomputename", "compute name", "name is invalid")


def refusal(error: BackendError, spec: "ComputeSpec", session: "Session", workspace: "Workspace") -> BackendError:
    """The error to raise for what Azure said when it was asked for a cluster. Azure's own words stay in it."""
    said = error.message.lower()
    region = region_of(spec, workspace)
    if any(word in said for word in _QUOTA):
        return _quota(error, spec, region, session, workspace)
    if any(word in said for word in _SIZE):
        return _size(error, spec, region, session, workspace)
    if any(word in said for word in _NAME):
        return BackendError(error.message, remedy="3 to 32 letters, digits and hyphens; a letter first")
    return error


def _quota(
    error: BackendError, spec: "ComputeSpec", region: str, session: "Session", workspace: "Workspace"
) -> BackendError:
    try:
        quota = quota_of(spec, session, workspace)
        cores = cores_of(spec, offered_sizes(session, workspace, region))
    except FerryError:
        quota, cores = None, 0
    if quota is None or quota.used + quota.needed <= quota.limit:
        return BackendError(error.message, remedy=ASK_FOR_QUOTA)
    text, remedy = no_quota(spec, region, quota, cores)
    return BackendError(f"{text} ({error.message})", remedy=remedy)


def _size(
    error: BackendError, spec: "ComputeSpec", region: str, session: "Session", workspace: "Workspace"
) -> BackendError:
    old = retired(str(spec.size))
    if old:
        return BackendError(old[0], remedy=old[1])
    try:
        others = [
            one for one in offered_sizes(session, workspace, region) if one.name.lower() != str(spec.size).lower()
        ]
    except FerryError:
        return error
    text, remedy = not_offered(str(spec.size), region, others)
    return BackendError(f"{text} ({error.message})", remedy=remedy)
