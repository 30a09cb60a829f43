"""Domain faults that happen to runs: asked for by rules, done by the engine."""

import threading

from azureml_emulator.server.cloud import Cloud

NODE_FAULTS = ("node_lost", "preemption")


def run_started(cloud: Cloud, compute: str, cluster: str) -> None:
    """A run has started on a cluster: rules may take its node, `seconds` later."""
    for kind in NODE_FAULTS:
        rule = cloud.faults.strike(kind, compute)
        if rule is not None:
            timer = threading.Timer(rule.seconds, cloud.runner.take_node, (kind, cluster))
            timer.daemon = True
            timer.start()


def before_submit(cloud: Cloud, compute: str, cluster: str, environment: str) -> None:
    """A run is about to be handed over: rules may make its image fail to build, or its disk be full."""
    if cloud.faults.strike("image_build", environment):
        cloud.runner.fail_build(f"the build of {environment} fails because that was asked for")
    rule = cloud.faults.strike("disk_full", compute)
    cloud.runner.limit_disk(cluster, rule.bytes if rule else None)
