"""The tutorial's second notebook: submit the script, wait, bring the results home.

Usage: submit.py SOURCE, the folder with the script.
"""

import sys

from azureml.core import Dataset, Environment, Experiment, ScriptRunConfig, Workspace

workspace = Workspace.from_config()
images = Dataset.get_by_name(workspace, name="waste_images")
job = ScriptRunConfig(
    source_directory=sys.argv[1],
    script="train.py",
    arguments=["--data-path", images.as_mount(), "--epochs", 1],
    compute_target=workspace.compute_targets["gpu-cluster-NC4"],
    environment=Environment.get(workspace, "waste-env-gpu"),
)
run = Experiment(workspace, "recycling").submit(job)
run.wait_for_completion(show_output=True)
print("status:", run.get_status())
run.download_files(output_directory="cloud_files")
