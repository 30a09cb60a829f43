"""The tutorial's first notebook: a workspace, a cluster, an environment, the data in the cloud.

Usage: prepare.py DATA, the folder with train/ and validation/. Plain azureml-core; nothing of the emulator, which the
variables point at, and nothing of Trainferry.
"""

import os
import sys

from azureml.core import Dataset, Environment, Workspace
from azureml.core.authentication import ServicePrincipalAuthentication
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.conda_dependencies import CondaDependencies

login = ServicePrincipalAuthentication(
    tenant_id=os.environ["AZUREML_SERVICE_PRINCIPAL_TENANT_ID"],
    service_principal_id=os.environ["AZUREML_SERVICE_PRINCIPAL_ID"],
    service_principal_password=os.environ["AZUREML_SERVICE_PRINCIPAL_PASSWORD"],
)
workspace = Workspace.create(
    name="azure_trash_demo",
    subscription_id="00000000-0000-0000-0000-00000000e111",
    resource_group="azure_trash_demo",
    location="eastus",
    auth=login,
)
workspace.write_config(".azureml")

wanted = AmlCompute.provisioning_configuration(vm_size="Standard_NC4as_T4_v3", min_nodes=0, max_nodes=10)
cluster = ComputeTarget.create(workspace, "gpu-cluster-NC4", wanted)
cluster.wait_for_completion(show_output=True)

environment = Environment("waste-env-gpu")
environment.python.conda_dependencies = CondaDependencies.create(
    python_version="3.11", pip_packages=["tensorflow==2.21.0", "Pillow"], conda_packages=["SciPy"]
)
environment.docker.base_image = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
environment.register(workspace)

datastore = workspace.get_default_datastore()
datastore.upload(src_dir=sys.argv[1], target_path="/data/", overwrite=False, show_progress=True)
images = Dataset.File.from_files(path=(datastore, "/data"))
images.register(workspace, name="waste_images", description="images of waste, to be sorted")
print("prepared", workspace.name, sorted(workspace.compute_targets), sorted(iter(workspace.datasets)))
