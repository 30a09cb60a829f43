"""From a run configuration, as the SDK submits it, to an order for the engine."""

import re
from typing import Any

from azureml_emulator.dataset import models as datasets
from azureml_emulator.dataset.paths import data_paths, definition_of
from azureml_emulator.engine.contract import Distribution, Input, LogLayout, Output, WorkOrder
from azureml_emulator.environment import models as environments
from azureml_emulator.environment.curated import definitions as curated
from azureml_emulator.execution.storage import CloudStorage
from azureml_emulator.server.cloud import Cloud
from azureml_emulator.server.errors import ServiceError, user_error

OLD_LAYOUT = {"AZUREML_COMPUTE_USE_COMMON_RUNTIME": "false"}
"""The variable with which Azure itself is asked for the older runtime, and so for its names of logs."""
RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,255}")


def environment(cloud: Cloud, scope: str, configuration: dict[str, Any]) -> dict[str, Any]:
    """The definition that a run asks for, registered if it wasn't; by name alone, the newest of that name."""
    asked = configuration.get("environment") or {}
    name, version = str(asked.get("name") or ""), asked.get("version")
    if name in curated() or not asked.get("python"):
        try:
            return environments.get(cloud, scope, name, version if name not in curated() else None)
        except ServiceError as error:
            raise user_error(f"Environment {name} can't be used: {error.message}") from error
    return environments.register(cloud, scope, name or "Experiment environment", asked, None)


def inputs(cloud: Cloud, scope: str, configuration: dict[str, Any]) -> list[Input]:
    """The datasets of a run; 400 for one that isn't there."""
    found = []
    for name, data in (configuration.get("data") or {}).items():
        location = (data.get("dataLocation") or {}).get("dataset") or {}
        identifier = str(location.get("id") or "")
        try:
            saved = datasets.saved(cloud, scope, identifier)
        except ServiceError as error:
            raise user_error(f"Input {name}: {error.message}") from error
        places = data_paths(definition_of(saved["dataflowJson"]))
        if not places:
            raise user_error(
                f"Input {name}: the emulator brings files of datastores, and of single web addresses; this has neither."
            )
        mode = str(data.get("mechanism") or "mount").lower()
        found.append(
            Input(
                name=name,
                mode=mode if mode in ("mount", "download") else "direct",
                variable=str(data.get("environmentVariableName") or ""),
                source=f"dataset|{scope}|{identifier}",
                dataset_id=identifier,
                path_on_compute=str(data.get("pathOnCompute") or ""),
                single_file=len(places) == 1 and CloudStorage(cloud).is_file(scope, places[0]),
            )
        )
    return found


def outputs(configuration: dict[str, Any]) -> tuple[list[Output], dict[str, dict[str, Any]]]:
    """The folders that a run fills, and by name where each goes and under which name it is registered, if at all."""
    found, places = [], {}
    for name, data in (configuration.get("outputData") or {}).items():
        path = (data.get("outputLocation") or {}).get("dataPath") or {}
        options = (data.get("additionalOptions") or {}).get("registrationOptions") or {}
        found.append(Output(name=name, variable=str(data.get("environmentVariableName") or "")))
        places[name] = {
            "datastore": str(path.get("datastoreName") or "workspaceblobstore"),
            "path": str(path.get("relativePath") or "azureml/{run-id}/{output-name}"),
            "register": options.get("name"),
            "description": options.get("description"),
            "tags": options.get("tags") or {},
        }
    return found, places


def distribution(configuration: dict[str, Any]) -> Distribution:
    """How many processes run, and how they find each other."""
    communicator = str(configuration.get("communicator") or "None").lower()
    framework = str(configuration.get("framework") or "Python").lower()
    nodes = int(configuration.get("nodeCount") or 1)
    if communicator in ("mpi", "intelmpi", "openmpi"):
        mpi = configuration.get("mpi") or {}
        each = int(mpi.get("processCountPerNode") or 1)
        return Distribution(kind="mpi", nodes=nodes, processes_per_node=each)
    if framework == "pytorch" or communicator in ("nccl", "gloo"):
        asked = configuration.get("pytorch") or configuration.get("pyTorch") or {}
        processes = int(asked.get("processCount") or nodes)
        return Distribution(kind="pytorch", nodes=nodes, processes_per_node=max(1, processes // nodes))
    if communicator == "parameterserver" or (framework == "tensorflow" and nodes > 1):
        asked = configuration.get("tensorflow") or {}
        servers = int(asked.get("parameterServerCount") or 0)
        workers = int(asked.get("workerCount") or nodes)
        return Distribution(kind="tensorflow", nodes=workers, parameter_servers=servers)
    return Distribution(nodes=nodes)


def order(
    cloud: Cloud, scope: str, run: dict[str, Any], configuration: dict[str, Any], cluster: str, snapshot: str
) -> tuple[WorkOrder, dict[str, dict[str, Any]]]:
    """The order for a run, and where its outputs go."""
    definition = environment(cloud, scope, configuration)
    folders, places = outputs(configuration)
    own = {str(key): str(value) for key, value in (configuration.get("environmentVariables") or {}).items()}
    defined = {**(definition.get("environmentVariables") or {}), **own}
    old = cloud.settings.log_layout == "azureml-logs" or any(
        str(defined.get(key, "")).lower() == value for key, value in OLD_LAYOUT.items()
    )
    return WorkOrder(
        run_id=run["runId"],
        cluster=cluster,
        snapshot=f"snapshot|{scope}|{snapshot}",
        script=str(configuration.get("script") or ""),
        command=_command(configuration.get("command")),
        arguments=tuple(configuration.get("arguments") or ()),
        environment=definition,
        inputs=tuple(inputs(cloud, scope, configuration)),
        outputs=tuple(folders),
        distribution=distribution(configuration),
        variables=own,
        context=context(cloud, scope, run),
        timeout=float(configuration.get("maxRunDurationSeconds") or 0) or None,
        layout=LogLayout.OLD if old else LogLayout.NEW,
    ), places


def _command(command: Any) -> str:
    return " ".join(map(str, command)) if isinstance(command, list) else str(command or "")


def context(cloud: Cloud, scope: str, run: dict[str, Any]) -> dict[str, str]:
    """The variables by which `Run.get_context()` finds its run, and every client of the cloud its services."""
    from azureml_emulator.history.shown import run_token  # noqa: PLC0415  (it leans on this service's neighbours)
    from azureml_emulator.server.environ import client_variables  # noqa: PLC0415
    from azureml_emulator.workspace.models import by_scope  # noqa: PLC0415

    workspace, name = by_scope(cloud, scope), run["experimentName"]
    _, _, subscription, _, group, *_ = scope.split("/")
    token = run_token(cloud, "expiry")
    return {
        **client_variables(cloud),
        "AZUREML_RUN_ID": run["runId"],
        "AZUREML_ROOT_RUN_ID": run["rootRunId"],
        "AZUREML_RUN_TOKEN": token["token"],
        "AZUREML_RUN_TOKEN_EXPIRY": str(int(cloud.clock.now().timestamp() + cloud.settings.timing.token_lifetime)),
        "AZUREML_ARM_SUBSCRIPTION": subscription,
        "AZUREML_ARM_RESOURCEGROUP": group,
        "AZUREML_ARM_WORKSPACE_NAME": workspace["name"],
        "AZUREML_ARM_PROJECT_NAME": name,
        "AZUREML_EXPERIMENT_ID": run["experimentId"],
        "AZUREML_EXPERIMENT_SCOPE": f"{scope}/experiments/{name}",
        "AZUREML_WORKSPACE_SCOPE": scope,
        "AZUREML_WORKSPACE_ID": workspace["properties"]["workspaceId"],
        "AZUREML_SERVICE_ENDPOINT": cloud.url,
        "AZUREML_DISCOVERY_SERVICE_ENDPOINT": f"{cloud.url}/discovery",
    }
