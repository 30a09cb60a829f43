"""Data of a job, to and from blob storage. Nothing here imports the SDK, or anything else that is slow to import.

To the container of a datastore, by content::

    access = ContainerAccess("https://ACCOUNT.blob.core.windows.net/CONTAINER", AccountKey("ACCOUNT", key))
    plan = plan_upload(Path("data"), access, cache=site.cache / "azureml" / "hashes")
    print(plan.version.hash, plan.version.prefix, plan.send_files, plan.send_bytes, plan.complete)
    version = upload(plan, report)              # returns at once if plan.complete

`version.prefix` is the path below the datastore to register and mount. A single file is a dataset of one file.

From addresses that open by themselves, such as the signed ones of a run's artifacts::

    download([RemoteFile(url, "outputs/model.keras")], destination, report)

All errors are BackendErrors whose message names the cause and whose remedy says what to do.
"""

from trainferry_azureml.data.access import AccountKey, ContainerAccess, Sas
from trainferry_azureml.data.download import RemoteFile, download
from trainferry_azureml.data.patience import Patience
from trainferry_azureml.data.plan import UploadPlan, plan_upload
from trainferry_azureml.data.upload import upload
from trainferry_azureml.data.version import DatasetVersion

__all__ = [
    "AccountKey",
    "ContainerAccess",
    "DatasetVersion",
    "Patience",
    "RemoteFile",
    "Sas",
    "UploadPlan",
    "download",
    "plan_upload",
    "upload",
]
