"""The engine as the services see it."""

import threading
from typing import TYPE_CHECKING, Any

from azureml_emulator.compute import models as compute
from azureml_emulator.engine.contract import ClusterSpec, ClusterStatus, Image, WorkOrder
from azureml_emulator.history import models as history
from azureml_emulator.places import cache_folder
from azureml_emulator.server.cloud import Cloud
from azureml_emulator.workspace.models import SUBMITTED, by_scope

if TYPE_CHECKING:
    from azureml_emulator.engine.engine import Engine


class Runner:
    """Starts and ends with the emulator; one engine serves all workspaces."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._cloud: Cloud | None = None

    def start(self, cloud: Cloud) -> None:
        """Start the engine with the clusters that there are; it goes on with what an earlier process left."""
        from azureml_emulator.engine.engine import Engine  # noqa: PLC0415  (it leans on the contract only)
        from azureml_emulator.execution.events import CloudEvents  # noqa: PLC0415
        from azureml_emulator.execution.storage import CloudStorage  # noqa: PLC0415

        self._cloud = cloud
        self._engine = Engine(cloud.state.work, cache_folder() / "engine", CloudStorage(cloud), CloudEvents(cloud))
        for document in cloud.store.find(compute.KIND):
            self.put_cluster(document)
        self._engine.start()
        for intent in cloud.store.find(SUBMITTED):
            self.hand_over(cloud, intent)

    def hand_over(self, cloud: Cloud, intent: dict[str, Any]) -> None:
        """Submit what was taken on and never told to the engine: a kill or a failure came between."""
        run = cloud.store.get(history.RUN, history.run_key(intent["scope"], intent["runId"]))
        lost = run is not None and run["status"] not in history.FINAL and self.engine.state(intent["runId"]) is None
        if lost:
            self.engine.submit(WorkOrder.model_validate(intent["order"]))

    def close(self) -> None:
        """End everything that runs."""
        if self._engine is not None:
            self._engine.close()

    @property
    def engine(self) -> "Engine":
        """The engine, which must have been started."""
        if self._engine is None:
            raise RuntimeError("the engine was not started")
        return self._engine

    def cluster_name(self, document: dict[str, Any]) -> str:
        """What the engine calls a compute target: its name, and what tells workspaces apart."""
        if self._cloud is None:
            raise RuntimeError("the engine was not started")
        workspace = by_scope(self._cloud, document["id"].rpartition("/computes/")[0])
        return f"{document['name'].lower()}--{workspace['properties']['workspaceId'][:8]}"

    def put_cluster(self, document: dict[str, Any]) -> None:
        """Make or resize a cluster."""
        inner = document["properties"]["properties"]
        scale = inner["scaleSettings"]
        low = inner["vmPriority"].lower() == "lowpriority"
        seconds = self._cloud.settings.timing.allocation if self._cloud else 0.0
        self.engine.clusters.put(
            ClusterSpec(
                name=self.cluster_name(document),
                vm_size=inner["vmSize"],
                min_nodes=scale["minNodeCount"],
                max_nodes=scale["maxNodeCount"],
                idle_seconds=compute.idle_seconds(document),
                priority="lowpriority" if low else "dedicated",
                allocation_seconds=seconds,
            )
        )

    def remove_cluster(self, document: dict[str, Any]) -> None:
        """Remove a cluster; what runs on it fails, and says why."""
        self.engine.clusters.remove(self.cluster_name(document))

    def cluster_status(self, document: dict[str, Any]) -> ClusterStatus:
        """How a cluster stands."""
        return self.engine.clusters.status(self.cluster_name(document))

    def forget_workspace(self, scope: str) -> None:
        """A workspace goes: its clusters go first."""
        if self._cloud is not None:
            for document in compute.in_workspace(self._cloud, scope):
                self.remove_cluster(document)

    def submit(self, order: WorkOrder) -> None:
        """Hand an order over."""
        self.engine.submit(order)

    def cancel(self, run_id: str) -> bool:
        """Cancel a run; False if the engine doesn't know it."""
        return self.engine.cancel(run_id)

    def image(self, definition: dict[str, Any]) -> Image:
        """The image of an environment."""
        return self.engine.images.find(definition)

    def build_image(self, definition: dict[str, Any]) -> None:
        """Build an image in the background."""
        threading.Thread(target=self.engine.images.build, args=(definition,), daemon=True).start()

    def take_node(self, kind: str, cluster: str, node: str | None = None) -> None:
        """Let a node of a cluster, or the one that is named, die or be taken back.

        KeyError if there is no such cluster or node, ValueError if the cluster is none whose nodes are taken back.
        """
        if kind == "preemption":
            self.engine.faults.preempt(cluster, node)
        else:
            self.engine.faults.lose_node(cluster, node)

    def fail_build(self, message: str, key: str) -> None:
        """Let the next build of an image (`Image.key`) fail."""
        self.engine.faults.fail_builds(message, times=1, key=key)

    def limit_disk(self, cluster: str, room: int | None) -> None:
        """How many bytes the disk of a run on a cluster holds from now on; None for no limit."""
        self.engine.faults.fill_disk(cluster, room)
