"""A run configured and submitted through azureml-core. Functions here are to be called inside an act."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azureml.core import Environment, ScriptRunConfig
from azureml.core.runconfig import (
    Data,
    DataLocation,
    Dataset,
    MpiConfiguration,
    PyTorchConfiguration,
    TensorflowConfiguration,
)

from trainferry_azureml.sdk.environments import environment_of

if TYPE_CHECKING:
    from trainferry.specs.compute import Distribution


@dataclass(frozen=True, slots=True)
class Input:
    """One dataset as a run takes it."""

    saved_id: str
    mode: str
    """`mount` or `download`."""
    path_on_compute: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """All that a submit needs, ready made."""

    run: str
    source: Path
    script: str
    arguments: tuple[str, ...]
    inputs: Mapping[str, Input]
    environment: str | Mapping[str, Any]
    """A definition, or the name of a curated one."""
    variables: Mapping[str, str]
    compute: str
    distribution: "Distribution | None"
    timeout: int | None


def submit(experiment: Any, order: Order) -> str:
    """Submit a run under the id that the order gives it; returns that id as Azure repeats it."""
    definition = order.environment
    environment = (
        environment_of(definition)
        if isinstance(definition, Mapping)
        else Environment.get(experiment.workspace, definition)
    )
    configuration = script_run_config(environment, order)
    run = experiment.submit(configuration, run_id=order.run)
    return str(run.id)


def script_run_config(environment: Any, order: Order) -> Any:
    """The SDK's configuration of a run: arguments in order, datasets, variables, distribution, time limit."""
    more = {"max_run_duration_seconds": order.timeout} if order.timeout else {}
    configuration = ScriptRunConfig(
        source_directory=str(order.source),
        script=order.script,
        arguments=list(order.arguments),
        compute_target=order.compute,
        environment=environment,
        distributed_job_config=distribution_of(order.distribution),
        **more,
    )
    run_config = configuration.run_config
    run_config.environment_variables = dict(order.variables)
    run_config.data = {name: _data(name, one) for name, one in order.inputs.items()}
    return configuration


def _data(name: str, wanted: Input) -> Any:
    return Data(
        data_location=DataLocation(dataset=Dataset(dataset_id=wanted.saved_id)),
        create_output_directories=False,
        mechanism=wanted.mode,
        environment_variable_name=name,
        path_on_compute=wanted.path_on_compute,
        overwrite=False,
    )


def distribution_of(spread: "Distribution | None") -> Any:
    """The SDK's configuration of a distribution; None for one process."""
    if spread is None:
        return None
    if spread.kind == "tensorflow":
        return TensorflowConfiguration(worker_count=spread.nodes, parameter_server_count=0)
    if spread.kind == "mpi":
        return MpiConfiguration(process_count_per_node=spread.processes_per_node, node_count=spread.nodes)
    return PyTorchConfiguration(communication_backend="Nccl", process_count=spread.processes, node_count=spread.nodes)
