"""What the services and the engine say to each other: orders in, events out.

The engine knows neither HTTP nor the SDK. Whoever speaks to the SDK makes a `WorkOrder` of what was submitted, gives
the engine a `Storage` through which it reads snapshots and datasets, and an `Events` that hears of it all.
Everything in an order is plain data, because orders are kept on disk and outlive the process that took them.

    engine = Engine(home, cache, storage, events)   # azureml_emulator.engine.engine; touches nothing yet
    engine.clusters.put(ClusterSpec(name="gpu-cluster", max_nodes=4))   # .status(name) .names() .remove(name)
    engine.start()                # goes on with what an earlier process left; close() ends all that it started
    engine.submit(order)          # returns at once; submitting a run id again changes nothing
    engine.cancel("run-1")        # returns at once; False if there is no such run. The end comes as an event
    engine.state("run-1")         # RunState or None
    engine.images.find(definition)    # Image: absent, building, ready or failed
    engine.images.build(definition)   # returns the Image when it is ready or failed
    engine.faults.lose_node("gpu-cluster")        # also: preempt(cluster), fail_builds(message)
    engine.faults.fill_disk("gpu-cluster", 1_000_000)   # bytes that a run's disk holds from now on; None: no limit
"""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# --- Orders ----------------------------------------------------------------------------------------------------------


class Input(_Data):
    """One dataset of a run; an entry of `Configuration.data` as the SDK submits it."""

    name: str
    """Key in `Configuration.data`; an argument `DatasetConsumptionConfig:<name>` becomes the path."""
    mode: Literal["mount", "download", "direct"] = "mount"
    """`mount`: read-only, a write fails with errno 30. `download`: a copy that may be written. `direct`: nothing is
    brought; argument and variable hold `dataset_id`."""
    variable: str = ""
    """`environmentVariableName`; the script finds the path there as well. Empty: the name."""
    source: str = ""
    """What `Storage` knows the files by. Any text that still means the same after a restart."""
    dataset_id: str = ""
    path_on_compute: str = ""
    """Where the script wants it; relative paths start at the working folder. Empty: the engine chooses."""
    single_file: bool = False
    """The dataset is one file by its definition, so the path is that file's and not its folder's (as Azure does)."""


class Output(_Data):
    """A folder that the run fills for a datastore (`OutputFileDatasetConfig`); `DatasetOutputConfig:<name>`."""

    name: str
    variable: str = ""


class Distribution(_Data):
    """How many processes a run has, and by which variables they find each other."""

    kind: Literal["none", "tensorflow", "pytorch", "mpi"] = "none"
    nodes: Annotated[int, Field(ge=1)] = 1
    processes_per_node: Annotated[int, Field(ge=1)] = 1
    """For `mpi` and `pytorch`."""
    parameter_servers: Annotated[int, Field(ge=0)] = 0
    """For `tensorflow`, whose workers are one for each node; parameter servers share the workers' nodes."""


class LogLayout(StrEnum):
    """Which names the logs of a run have."""

    OLD = "old"
    """`azureml-logs/70_driver_log.txt`, until about 2021."""
    NEW = "new"
    """`user_logs/std_log.txt` and `system_logs/...`."""


class WorkOrder(_Data):
    """One run to be executed."""

    run_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,255}$")]
    cluster: str
    """Name of the compute target; the run waits until `Engine.clusters` has one of that name."""
    snapshot: str
    """What `Storage` knows the snapshot's files by; they become the working folder."""
    script: str = ""
    """Path in the snapshot. Run with the environment's Python."""
    command: str = ""
    """A line for bash, in place of a script (`ScriptRunConfig(command=...)`)."""
    arguments: tuple[JsonValue, ...] = ()
    """In order, with the JSON types that were submitted; the engine makes text of them as Azure does."""
    environment: dict[str, JsonValue] = {}
    """The definition as azureml-core registers it, camelCase: `python`, `docker`, `environmentVariables`, ..."""
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    distribution: Distribution = Distribution()
    variables: dict[str, str] = {}
    """The run configuration's own variables; they win over the environment's."""
    context: dict[str, str] = Field(default={}, repr=False)
    """What `Run.get_context()` reads in the script, `AZUREML_RUN_ID` and so on, and what makes it reach the services,
    `REQUESTS_CA_BUNDLE` and so on. Wins over everything. May hold tokens: never shown or logged."""
    timeout: Annotated[float, Field(gt=0)] | None = None
    """Seconds that the script may run (`maxRunDurationSeconds`)."""
    layout: LogLayout = LogLayout.NEW


# --- Storage ---------------------------------------------------------------------------------------------------------


class StoredFile(_Data):
    """One file below a source."""

    path: str
    """Relative, with slashes. The engine refuses one that would leave its folder."""
    size: int
    """Bytes."""
    version: str
    """Differs whenever the content does: a hash or an ETag."""


class Storage(Protocol):
    """Gives the engine the bytes of snapshots and datasets. Called from several threads at once."""

    def list_files(self, source: str) -> Sequence[StoredFile]:
        """Every file below a source.

        An OSError (FileNotFoundError for a source that isn't there) fails the run with its text.
        """
        ...

    def fetch(self, source: str, file: StoredFile, target: Path) -> None:
        """Write the file's bytes to `target`, whose folder exists. OSError if it can't."""
        ...


# --- Events ----------------------------------------------------------------------------------------------------------


class Status(StrEnum):
    """Where a run stands, in the words of the run history service.

    In this order, each at most once, unless a preemption sends the run back to `QUEUED`.
    """

    PREPARING = "Preparing"
    """The image is being built."""
    QUEUED = "Queued"
    """Waits for nodes."""
    RUNNING = "Running"
    FINALIZING = "Finalizing"
    """The script has ended; the rest of its outputs is on its way."""
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"

    @property
    def final(self) -> bool:
        """Whether nothing follows."""
        return self in {Status.COMPLETED, Status.FAILED, Status.CANCELED}


class RunError(_Data):
    """Why a run failed; the material of the history service's `error` object."""

    code: Literal["UserError", "ServiceError"]
    kind: str
    """Such as `ImageBuildFailure`, `ScriptFailed`, `Timeout`, `NodeLost`, `DatasetNotFound`, `EmulatorStopped`."""
    message: str
    """What happened, with the last lines of the log where the script is the cause."""
    exit_code: int | None = None
    log: str = ""
    """Name of the log that tells more."""


class RunState(_Data):
    """How a run stands. Times are seconds since the epoch."""

    run_id: str
    status: Status
    attempt: int = 1
    """Grows when a preempted run is started again."""
    exit_code: int | None = None
    error: RunError | None = None
    started: float | None = None
    """When the script started, in the current attempt."""
    ended: float | None = None
    nodes: tuple[str, ...] = ()
    """Ids of the nodes that it runs on."""


class Events(Protocol):
    """Hears what happens. Called from the engine's threads: one for the states and logs of a run, one for its files.

    Nothing is lost: a call that raises is repeated, and after a restart of the emulator what was on its way is told
    again. So each call must bear to be made twice with the same values.
    """

    def run_changed(self, state: RunState) -> None:
        """A run has a new state. The last call has a final one, and comes after all its logs and files."""
        ...

    def log_grew(self, run_id: str, name: str, offset: int, data: bytes) -> None:
        """A log, such as `user_logs/std_log.txt`, has more bytes, `data`, which start at `offset`.

        In order, without gaps; the first call of a log may be empty. Within a second after the script wrote them.
        """
        ...

    def file_changed(self, run_id: str, name: str, path: Path) -> None:
        """A file below `outputs/` or `logs/` is new, or has changed since the last call.

        `name` is its path in the run, `path` where its bytes are during this call. Comes while the script runs, and
        once more at the end for whatever is left, whole.
        """
        ...

    def output_changed(self, run_id: str, output: str, name: str, path: Path) -> None:
        """A file of an `Output` folder, told at the end of the run; `name` is relative to that folder."""
        ...


# --- Clusters --------------------------------------------------------------------------------------------------------


class ClusterSpec(_Data):
    """A cluster, as it was asked for. Putting one of the same name again resizes it."""

    name: str
    vm_size: str = "STANDARD_NC4AS_T4_V3"
    min_nodes: Annotated[int, Field(ge=0)] = 0
    max_nodes: Annotated[int, Field(ge=0)] = 1
    idle_seconds: Annotated[float, Field(ge=0)] = 120
    """How long an idle node above the minimum is kept."""
    priority: Literal["dedicated", "lowpriority"] = "dedicated"
    allocation_seconds: Annotated[float, Field(ge=0)] = 2
    """How long a node takes to come up."""


class NodeState(StrEnum):
    """In the words of `listNodes`."""

    PREPARING = "preparing"
    IDLE = "idle"
    RUNNING = "running"
    LEAVING = "leaving"
    UNUSABLE = "unusable"
    PREEMPTED = "preempted"


class NodeStatus(_Data):
    """One node of a cluster."""

    node_id: str
    state: NodeState
    run_id: str | None = None
    port: int = 50000


class ClusterStatus(_Data):
    """How a cluster stands."""

    spec: ClusterSpec
    steady: bool
    """`allocationState`: Steady, or Resizing while it is not."""
    target_nodes: int
    nodes: tuple[NodeStatus, ...]

    @property
    def current_nodes(self) -> int:
        """Nodes that are there: all but those that come up, leave or are lost."""
        return sum(node.state in {NodeState.IDLE, NodeState.RUNNING} for node in self.nodes)

    def counts(self) -> dict[str, int]:
        """`nodeStateCounts` as the compute service shows them."""
        return {f"{state.value}NodeCount": sum(node.state is state for node in self.nodes) for state in NodeState}


# --- Images ----------------------------------------------------------------------------------------------------------


class ImageState(StrEnum):
    """How far an image is."""

    ABSENT = "absent"
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"


class Image(_Data):
    """An environment made runnable: a virtual environment that uv built, one for each content."""

    key: str
    """Decided by what gets installed. Environments of equal content share it."""
    state: ImageState
    log: Path
    """All that the build said; grows while it goes."""
    reason: str = ""
    """Of a failure, in the resolver's words."""
