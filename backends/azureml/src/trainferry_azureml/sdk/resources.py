"""Workspaces and clusters made and removed through azureml-core. Functions here are to be called inside an act."""

from typing import TYPE_CHECKING, Any

from azureml.core import Workspace
from azureml.core.compute import AmlCompute, ComputeTarget

if TYPE_CHECKING:
    from trainferry.specs.compute import ComputeSpec
    from trainferry_azureml.workspace.coordinates import Coordinates

PRIORITIES = {"dedicated": "dedicated", "low": "lowpriority"}


def create_workspace(authentication: Any, where: "Coordinates", region: str) -> None:
    """Create a workspace with its storage, key vault and insights, and the resource group if need be.

    `exist_ok`: one that is there by now is taken. Every question that the SDK could ask is answered by the arguments.
    """
    Workspace.create(
        where.workspace,
        auth=authentication,
        subscription_id=where.subscription,
        resource_group=where.resource_group,
        location=region,
        create_resource_group=True,
        exist_ok=True,
        show_output=False,
        tags={"created-by": "trainferry"},
    )


def delete_workspace(workspace: Any) -> None:
    """Remove a workspace with the storage, key vault and insights that were made with it, and so all of its data."""
    workspace.delete(delete_dependent_resources=True, no_wait=False)


def create_compute(workspace: Any, spec: "ComputeSpec") -> None:
    """Start to create a cluster; returns before it is ready."""
    configuration = AmlCompute.provisioning_configuration(
        vm_size=spec.size,
        vm_priority=PRIORITIES[spec.priority],
        min_nodes=spec.min_nodes,
        max_nodes=spec.max_nodes,
        idle_seconds_before_scaledown=spec.idle_seconds,
        location=spec.region,
        tags={"created-by": "trainferry"},
    )
    ComputeTarget.create(workspace, spec.name, configuration)


def delete_compute(workspace: Any, name: str) -> None:
    """Start to remove a cluster; returns before it is gone."""
    ComputeTarget(workspace, name).delete()
