"""Making a cluster, waiting for it, and removing it."""

import time
from typing import TYPE_CHECKING

from trainferry.errors import BackendError
from trainferry.progress import Progress, Report
from trainferry_azureml.compute.reading import Cluster, find_cluster
from trainferry_azureml.compute.refusals import refusal

if TYPE_CHECKING:
    from trainferry.specs.compute import ComputeSpec
    from trainferry_azureml.sdk.acts import Sdk
    from trainferry_azureml.session import Session

_PATIENCE = 1500.0
"""Seconds; azureml-core's own wait gives up after 25 minutes."""
_PAUSE = 1.0


def create_compute(spec: "ComputeSpec", session: "Session", sdk: "Sdk", report: Report) -> None:
    """Create the cluster if it isn't there, and return when it can take jobs.

    It need not have nodes then: they come when a run needs them, down to `min_nodes`, which are waited for. Raises
    BackendError in the user's terms: no quota, no such size in the region, a bad name.
    """
    workspace, name = session.workspace(), str(spec.name)
    there = find_cluster(session, workspace, name)
    if there is not None and there.state.lower() == "deleting":
        _wait(session, name, report, gone=True)
        there = None
    if there is None:

        def made() -> bool | None:
            return find_cluster(session, workspace, name) is not None or None

        def act() -> bool:
            from trainferry_azureml.sdk.resources import create_compute as create

            create(sdk.workspace(workspace.coordinates), spec)
            return True

        try:
            sdk.act(f"create the cluster {name}", act, made)
        except BackendError as error:
            raise refusal(error, spec, session, workspace) from error
    cluster = _wait(session, name, report)
    if cluster is None or cluster.state.lower() == "failed" or (cluster.errors and cluster.nodes < spec.min_nodes):
        reasons = "; ".join(cluster.errors) if cluster else ""
        raise refusal(
            BackendError(f"the cluster {name} could not be made: {reasons or 'Azure says no more'}"),
            spec,
            session,
            workspace,
        )


def remove_compute(name: str, session: "Session", sdk: "Sdk", report: Report) -> None:
    """Remove a cluster and return when it is gone; one that isn't there is no error."""
    workspace = session.workspace()
    there = find_cluster(session, workspace, name)
    if there is None:
        return
    if there.state.lower() != "deleting":

        def going() -> bool | None:
            now = find_cluster(session, workspace, name)
            return now is None or now.state.lower() == "deleting" or None

        def act() -> bool:
            from trainferry_azureml.sdk.resources import delete_compute

            delete_compute(sdk.workspace(workspace.coordinates), name)
            return True

        sdk.act(f"remove the cluster {name}", act, going)
    _wait(session, name, report, gone=True)


def _wait(session: "Session", name: str, report: Report, *, gone: bool = False) -> Cluster | None:
    """The cluster when it is ready or has failed, or None when it is gone; BackendError if that takes too long."""
    workspace, deadline = session.workspace(), time.monotonic() + _PATIENCE
    while True:
        cluster = find_cluster(session, workspace, name)
        state = cluster.state.lower() if cluster else "gone"
        if cluster is None or (not gone and state in ("succeeded", "failed") and _has_its_nodes(cluster)):
            return cluster
        doing = f"removing the cluster {name}" if gone else f"waiting for the cluster {name}"
        report(Progress(doing, cluster.nodes, max(cluster.min_nodes, cluster.nodes) or None, "node"))
        if time.monotonic() > deadline:
            raise BackendError(
                f"the cluster {name} is still '{cluster.state}' after {_PATIENCE / 60:.0f} minutes",
                remedy="look at it in the portal, under Compute; run the command again to go on waiting",
            )
        time.sleep(_PAUSE)


def _has_its_nodes(cluster: Cluster) -> bool:
    return cluster.nodes >= cluster.min_nodes or bool(cluster.errors) or cluster.state.lower() == "failed"
