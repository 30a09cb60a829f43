"""Creating a workspace, after the user has seen what that makes, and removing it."""

from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.errors import BackendError
from trainferry.progress import Progress, Report
from trainferry.specs.plan import Action, ActionKind
from trainferry_azureml.findings import finding
from trainferry_azureml.workspace.coordinates import Coordinates, write_config

if TYPE_CHECKING:
    from trainferry.specs.finding import Finding
    from trainferry_azureml.sdk.acts import Sdk
    from trainferry_azureml.session import Session

MADE = "a storage account, a key vault and Application Insights"
"""What Azure makes along with a workspace; a container registry follows with the first image."""


def workspace_action(session: "Session", *, there: bool) -> "tuple[Action, list[Finding]]":
    """What a plan does about the workspace. One that isn't there is created by 'ferry up' only."""
    where = session.coordinates
    resource = f"workspace:{where.workspace}"
    payload: dict[str, object] = {
        "subscription": where.subscription,
        "resource_group": where.resource_group,
        "workspace": where.workspace,
    }
    if there:
        summary = f"use the workspace {where.workspace} (resource group {where.resource_group})"
        action = Action(kind=ActionKind.REUSE, resource=resource, summary=summary, payload=payload, consent=True)
        return action, []
    region = session.settings.region
    payload["region"] = region
    summary = (
        f"create the workspace {where.workspace} in {region or '?'}, with {MADE}, "
        f"in the resource group {where.resource_group} (made if it isn't there)"
    )
    action = Action(kind=ActionKind.CREATE, resource=resource, summary=summary, payload=payload, consent=True)
    if region is None:
        text = f"the workspace '{where.workspace}' isn't there, and the settings don't say where to create it"
        remedy = "set backends.azureml.region, such as eastus; or correct backends.azureml.workspace"
        return action, [finding("workspace-no-region", "error", text, remedy)]
    return action, []


def create_workspace(action: Action, session: "Session", sdk: "Sdk", report: Report) -> None:
    """Create the workspace of an action, unless it is there, and write `.azureml/config.json` into the project."""
    payload = action.payload
    where = Coordinates(payload["subscription"], payload["resource_group"], payload["workspace"])
    region = str(payload["region"])
    if session.find(where) is None:
        report(Progress(f"creating the workspace {where.workspace}; this takes Azure some minutes"))

        def act() -> bool:
            from trainferry_azureml.sdk.resources import create_workspace as create

            create(sdk.authentication, where, region)
            return True

        sdk.act(f"create the workspace {where.workspace}", act, lambda: session.find(where) is not None or None)
    if session.find(where) is None:
        raise BackendError(
            f"Azure has created the workspace {where.workspace} and doesn't show it yet",
            remedy="run the command again in a minute",
        )
    write_config(session.site.project or Path.cwd(), where)


def remove_workspace(name: str, session: "Session", sdk: "Sdk", report: Report) -> None:
    """Remove the configured workspace with all that was made along with it; one that isn't there is no error."""
    where = session.coordinates
    if name != where.workspace:
        raise BackendError(
            f"the settings name the workspace '{where.workspace}', not '{name}'; nothing was removed",
            remedy=f"ferry down --set backends.azureml.workspace={name}",
        )
    if session.find(where) is None:
        return
    report(Progress(f"removing the workspace {where.workspace}"))

    def act() -> bool:
        from trainferry_azureml.sdk.resources import delete_workspace

        delete_workspace(sdk.workspace(where))
        return True

    def gone() -> bool | None:
        session.forget(where)
        return session.find(where) is None or None

    sdk.act(f"remove the workspace {where.workspace}", act, gone)
    session.forget(where)
    sdk.forget_all()
