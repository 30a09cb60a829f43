"""Domain faults that happen to runs: asked for by rules, done by the engine."""

import logging
import threading
from contextlib import suppress

from azureml_emulator.engine.contract import RunState, Status, WorkOrder
from azureml_emulator.server.cloud import Cloud

_LOGGER = logging.getLogger(__name__)
NODE_FAULTS = ("node_lost", "preemption")


def run_started(cloud: Cloud, compute: str, cluster: str, state: RunState) -> None:
    """A run has started on a cluster: rules may take its node, `seconds` later."""
    for kind in NODE_FAULTS:
        rule = cloud.faults.strike(kind, compute)
        if rule is not None:
            timer = threading.Timer(rule.seconds, _take_its_node, (cloud, kind, cluster, state))
            timer.daemon = True
            timer.start()


def _take_its_node(cloud: Cloud, kind: str, cluster: str, state: RunState) -> None:
    """Take a node that a run started on, if it still goes on there: another run isn't meant."""
    now = cloud.runner.engine.state(state.run_id)
    if now is None or now.status is not Status.RUNNING or now.attempt != state.attempt:
        return
    try:
        cloud.runner.take_node(kind, cluster, state.nodes[0] if state.nodes else None)
    except (KeyError, ValueError) as error:
        _LOGGER.warning("the fault %s did nothing to the run %s: %s", kind, state.run_id, error)


def before_submit(cloud: Cloud, compute: str, order: WorkOrder) -> None:
    """A run is about to be handed over: rules may make its image fail to build, or its disk be full."""
    environment, cluster = str(order.environment.get("name")), order.cluster
    if cloud.faults.strike("image_build", environment):
        message = f"the build of {environment} fails because that was asked for"
        with suppress(ValueError):  # one that makes no sense is told by the run itself
            cloud.runner.fail_build(message, cloud.runner.image(dict(order.environment)).key)
    rule = cloud.faults.strike("disk_full", compute)
    cloud.runner.limit_disk(cluster, rule.bytes if rule else None)
