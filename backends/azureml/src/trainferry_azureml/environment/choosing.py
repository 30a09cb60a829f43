"""Which environment a job gets: the registered one of the same content, a curated one, or one to be built."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainferry.errors import BackendError
from trainferry.specs.plan import Action, ActionKind
from trainferry_azureml.environment.definition import Definition, definition_of
from trainferry_azureml.environment.reading import find_environment
from trainferry_azureml.findings import finding, place

if TYPE_CHECKING:
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job
    from trainferry_azureml.session import Session
    from trainferry_azureml.workspace.opening import Workspace


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a plan does about the environment."""

    action: Action | None
    taken: "str | dict[str, Any] | None" = None
    """What the run takes: a definition, or the name of a curated one."""
    findings: "tuple[Finding, ...]" = ()


def environment_findings(job: "Job") -> "list[Finding]":
    """What is wrong with the environment for a cluster; needs nobody but the job and its files."""
    spec, here = job.environment, place(job, "environment")
    if spec.current:
        text = "a cluster can't use the interpreter of this machine"
        remedy = 'give the job an environment, such as: environment: {python: "3.11", pip: [tensorflow==2.21.0]}'
        return [finding("environment-current", "error", text, remedy, here)]
    rivals = [key for key in ("curated", "dockerfile", "image") if getattr(spec, key)]
    if spec.curated and (len(rivals) > 1 or spec.pip or spec.conda):
        text = f"a curated environment is taken as it is, without {', '.join([*rivals[1:], 'pip or conda'])}"
        remedy = "remove environment.curated, or what stands beside it"
        return [finding("environment-curated-mixed", "error", text, remedy, here)]
    if spec.dockerfile and spec.image:
        text = "environment.image and environment.dockerfile exclude each other: a Dockerfile names its own base"
        return [finding("environment-two-images", "error", text, "remove one of them", here)]
    return _dockerfile_findings(job) if spec.dockerfile else []


def _dockerfile_findings(job: "Job") -> "list[Finding]":
    try:
        text = definition_of(job.environment, job.name, job.folder).dockerfile or ""
    except BackendError as error:
        return [finding("dockerfile-unreadable", "error", error.message, error.remedy, place(job, "environment"))]
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*(COPY|ADD)\s+(?!--from)", line, re.IGNORECASE):
            words = f"line {number} of the Dockerfile takes a file from beside it, but only the Dockerfile travels"
            remedy = "fetch it with RUN, or let it travel with the source folder"
            return [finding("dockerfile-context", "error", words, remedy, place(job, "environment", "dockerfile"))]
    return []


def choose_environment(job: "Job", session: "Session", workspace: "Workspace | None") -> Chosen:
    """Reuse, register and build, or say why neither will do. Reads only."""
    found = environment_findings(job)
    if found:
        return Chosen(None, None, tuple(found))
    if job.environment.curated:
        return _curated(job, session, workspace)
    definition = definition_of(job.environment, job.name, job.folder)
    there = find_environment(session, workspace, definition.name) if workspace else None
    payload = {"definition": definition.to_data(), "places": _places(job)}
    resource = f"environment:{definition.name}"
    if there is not None and there.built is not False:
        summary = f"reuse the environment {definition.name}, registered before with the same content"
        return Chosen(
            Action(kind=ActionKind.REUSE, resource=resource, summary=summary, payload=payload), definition.to_data()
        )
    action = Action(kind=ActionKind.BUILD, resource=resource, summary=_summary(definition), payload=payload)
    return Chosen(action, definition.to_data())


def _summary(definition: Definition) -> str:
    base = "your Dockerfile" if definition.dockerfile else str(definition.image)
    count = definition.packages
    packages = f" and {count} package{'s' if count != 1 else ''}" if count else ""
    return f"build the environment {definition.name} from {base}{packages}"


def _curated(job: "Job", session: "Session", workspace: "Workspace | None") -> Chosen:
    name = str(job.environment.curated)
    if workspace is not None and find_environment(session, workspace, name) is None:
        text = f"the workspace has no curated environment '{name}'"
        remedy = "the portal lists them under Environments; or give a python and pip of your own"
        where = place(job, "environment", "curated")
        return Chosen(None, None, (finding("environment-no-curated", "error", text, remedy, where),))
    summary = f"reuse the curated environment {name}"
    payload = {"curated": name}
    action = Action(kind=ActionKind.REUSE, resource=f"environment:{name}", summary=summary, payload=payload)
    return Chosen(action, name)


def _places(job: "Job") -> dict[str, str]:
    """Where each package stands in the job file, so that a failing build can point there."""
    return {
        package: str(where)
        for key in ("pip", "conda")
        for number, package in enumerate(getattr(job.environment, key))
        if (where := place(job, "environment", key, number)) is not None
    }
