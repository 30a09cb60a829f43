"""The last plan that was made for a job with the answers of the target, kept to be shown offline with its age."""

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any

from trainferry.masking import mask
from trainferry.specs.plan import Plan

if TYPE_CHECKING:
    from trainferry.site import Site
    from trainferry.specs.job import Job

_KEPT = ("kind", "resource", "summary", "bytes", "files")
"""What is kept of an action: enough to be shown, too little to be applied, and nothing that could be secret."""


def keep(site: "Site", plan: Plan) -> None:
    """Keep what a plan says of the target; a later one of the same job takes its place."""
    data = {
        "actions": [{key: action.model_dump(mode="json")[key] for key in _KEPT} for action in plan.actions],
        "findings": [mask(finding.to_data()) for finding in plan.findings],
        "price": plan.price.to_data() if plan.price else None,
    }
    site.listings(plan.backend).keep(_name(plan.job), data)


def recall(site: "Site", backend: str, job: "Job", run_id: str) -> Plan:
    """The plan kept last for a job that asks the target for the same, else one without steps: nothing is known then."""
    kept = site.listings(backend).recall(_name(job))
    if kept is None:
        return Plan(run_id=run_id, backend=backend, job=job)
    try:
        data = {**kept.data, "run_id": run_id, "backend": backend, "job": job.to_data(), "asked": kept.taken}
        plan = Plan.model_validate(data)
    except (TypeError, ValueError):  # kept by another version
        return Plan(run_id=run_id, backend=backend, job=job)
    return plan.model_copy(update={"job": job})


def asked_now(plan: Plan) -> Plan:
    """The plan with the moment it was made as that in which the target was asked, unless the backend said another."""
    return plan if plan.asked is not None else plan.model_copy(update={"asked": time.time()})


def _name(job: "Job") -> str:
    """The name of a job's listing: by what it asks of the target, whatever its arguments."""
    wanted: dict[str, Any] = job.model_dump(mode="json", include={"name", "compute", "datasets", "distribution"})
    content = json.dumps([wanted, job.environment.fingerprint, str(job.folder)], sort_keys=True)
    return f"plan.{hashlib.sha256(content.encode()).hexdigest()[:32]}"
