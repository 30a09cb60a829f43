"""Carrying out the actions of a plan, and taking back what can be taken back."""

from pathlib import Path

from trainferry.errors import BackendError
from trainferry.progress import Progress, Report
from trainferry.site import Site
from trainferry.specs.plan import Action, ActionKind, ActionResult
from trainferry_ray.data import upload
from trainferry_ray.node import environment as on_node
from trainferry_ray.planning import OWN_CLUSTER
from trainferry_ray.requests import environment_of
from trainferry_ray.settings import RaySettings
from trainferry_ray.submitting import Submission, job_of
from trainferry_ray.target import OWN, Targets


def apply(action: Action, targets: Targets, site: Site, settings: RaySettings, report: Report) -> ActionResult:
    """Carry out one action; doing so twice is doing it once."""
    target = targets.current
    if action.kind is ActionKind.SUBMIT:
        target = targets.named(action.payload["cluster"])
        return ActionResult(ref=Submission(action, site, settings, target).submit(report))
    if action.kind is ActionKind.UPLOAD:
        details = upload(job_of(action.payload), action.payload["name"], target, site.cache, report)
        return ActionResult(details=details)
    if action.resource == OWN_CLUSTER:
        own = targets.named(OWN).own
        return ActionResult(details=dict(own.start(report)) if own else {})
    return _build(action, targets, report)


def _build(action: Action, targets: Targets, report: Report) -> ActionResult:
    """Build an environment for the cluster on this machine; elsewhere the node that needs one builds it."""
    own = targets.named(OWN).own
    if own is None:
        return ActionResult()
    environment = environment_of(job_of(action.payload))
    files = own.storage / "requirements" / environment.key
    files.mkdir(parents=True, exist_ok=True)
    for name, path in environment.files.items():
        part = files / f".{name}.part"
        part.write_bytes(Path(path).read_bytes())
        part.replace(files / name)
    try:
        python = on_node.build(own.storage, environment.as_data(), files, lambda text: report(Progress(text)))
    except on_node.BuildFailed as error:
        raise BackendError(
            f"the environment {environment.name} can't be built: {error}",
            remedy="correct the environment in the job file",
        ) from error
    return ActionResult(details={"python": str(python)})


def tear_down(resource: str, targets: Targets) -> bool:
    """Remove what `ferry up` made: the cluster on this machine, an environment on it. What its runs wrote stays."""
    kind, _, name = resource.partition(":")
    if kind == "run":  # 'ferry rm' forgets it; the cluster's record of it isn't ours to remove
        return True
    own = targets.named(OWN).own
    if own is not None and resource == OWN_CLUSTER:
        own.stop()
    elif own is not None and kind == "environment":
        on_node.remove(own.storage, name)
    else:
        raise BackendError(
            f"the Ray backend made no {resource}", remedy=f"what it can remove is {OWN_CLUSTER}, and environments on it"
        )
    return True
