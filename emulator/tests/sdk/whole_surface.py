"""What the SDK offers around a run: datasets read here, usages, curated environments, run lists, metrics, cancel.

Usage: whole_surface.py SOURCE, the folder with in_the_job.py.
"""

import sys
from pathlib import Path

from azureml.core import Dataset, Datastore, Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.conda_dependencies import CondaDependencies
from azureml.data import OutputFileDatasetConfig
from azureml.exceptions import ComputeTargetException

workspace = Workspace.from_config()
assert workspace.name in Workspace.list(workspace.subscription_id)

wanted = AmlCompute.provisioning_configuration(vm_size="Standard_DS3_v2", max_nodes=2, idle_seconds_before_scaledown=30)
cluster = ComputeTarget.create(workspace, "surface", wanted)
cluster.wait_for_completion()
cluster.update(max_nodes=3)
assert ComputeTarget(workspace, "surface").scale_settings.maximum_node_count == 3
assert any(size["name"] == "Standard_NC4as_T4_v3" for size in AmlCompute.supported_vmsizes(workspace))
assert AmlCompute.list_usages(workspace)
assert AmlCompute.list_quotas(workspace)
refusal = ""
try:
    ComputeTarget.create(workspace, "dear", AmlCompute.provisioning_configuration("Standard_ND96asr_v4", max_nodes=1))
except ComputeTargetException as error:
    refusal = str(error)
assert "quota" in refusal, "a cluster beyond the quota was made"

data = Path("data")
(data / "deep").mkdir(parents=True)
(data / "a.txt").write_text("a")
(data / "deep" / "b ü.txt").write_text("b")
datastore = workspace.get_default_datastore()
datastore.upload(str(data), "surface", show_progress=False)
Datastore.register_azure_blob_container(
    workspace, "second", datastore.container_name, datastore.account_name,
    account_key=datastore.account_key, endpoint=datastore.endpoint,
)  # fmt: skip
files = Dataset.File.from_files((datastore, "surface")).register(workspace, "surface", tags={"k": "v"})
assert files.to_path() == ["/a.txt", "/deep/b ü.txt"]
assert sorted(Path(one).name for one in files.download("down")) == ["a.txt", "b ü.txt"]
assert Dataset.get_by_name(workspace, "surface", version=1).tags == {"k": "v"}
assert Dataset.get_by_id(workspace, files.id).name == "surface"
newer = Dataset.File.from_files([(datastore, "surface/a.txt")]).register(workspace, "surface", create_new_version=True)
assert newer.version == 2
with files.mount() as mounted:
    assert Path(mounted.mount_point, "deep", "b ü.txt").read_text() == "b"

assert "AzureML-Minimal" in Environment.list(workspace)
environment = Environment("surface")
environment.python.conda_dependencies = CondaDependencies.create(
    python_version="3.11", pip_packages=["azureml-core==1.61.0.post4", "setuptools<81"]
)

experiment = Experiment(workspace, "surface")
result = OutputFileDatasetConfig("result", destination=(datastore, "results/{run-id}")).register_on_complete("result")
job = ScriptRunConfig(
    sys.argv[1],
    "in_the_job.py",
    [files.as_named_input("files").as_download(), result],
    compute_target=cluster,
    environment=environment,
)
run = experiment.submit(job, tags={"mine": "1"})
run.wait_for_completion(show_output=False, raise_on_error=True)
metrics = run.get_metrics()
assert metrics["loss"] == [1.0, 0.5, 1 / 3], metrics
assert metrics["sizes"] == [1, 2, 3], metrics
assert metrics["point"] == {"x": 1.0, "y": 2.0}, metrics
assert run.get_tags() == {"mine": "1", "seen": "yes", "also": "this"}, run.get_tags()
assert "outputs/note.txt" in run.get_file_names()
(child,) = run.get_children()
assert child.get_metrics() == {"inner": 5}, child.get_metrics()
run.download_file("outputs/note.txt", "note.txt")
assert Path("note.txt").read_text() == "from the job"
assert [one.id for one in experiment.get_runs(tags={"mine": "1"})] == [run.id]
assert [one.id for one in experiment.get_runs(tags={"mine": "2"})] == []
assert workspace.get_run(run.id).get_status() == "Completed"
assert run.get_details()["inputDatasets"][0]["consumptionDetails"]["inputName"] == "files"

assert Dataset.get_by_name(workspace, "result").to_path() == ["/result.txt"]
assert run.get_details()["outputDatasets"][0]["outputDetails"]["outputName"] == "result"

run.upload_file("outputs/later.txt", "note.txt")
assert "outputs/later.txt" in run.get_file_names()
with experiment.start_logging(snapshot_directory=None, outputs=None) as here:
    here.log("local", 1)
assert here.get_metrics() == {"local": 1}
cluster.delete()

short = Workspace.create("short", subscription_id=workspace.subscription_id, resource_group="short", location="eastus")
short.delete(delete_dependent_resources=True)
assert "short" not in Workspace.list(workspace.subscription_id)
print("whole")
