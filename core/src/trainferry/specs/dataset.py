"""The dataset spec: a named input of a job."""

from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from trainferry.specs.base import Spec
from trainferry.specs.text import Text


class DatasetSpec(Spec):
    """A named input of a job: a local file or folder, or a reference to a dataset that is already in the cloud.

    Exactly one of `path`, `name` and `uri` is given.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["path"]}, {"required": ["name"]}, {"required": ["uri"]}],
            "dependentRequired": {"version": ["name"]},
        }
    )

    path: str | None = Field(
        default=None,
        min_length=1,
        description="Local file or folder, relative to the job file.",
        examples=["data/trashnet-sample"],
    )
    name: str | None = Field(
        default=None,
        min_length=1,
        description="Name of a dataset registered with the backend.",
        examples=["waste_images"],
    )
    version: Text | None = Field(
        default=None, description="Version of the registered dataset; the newest if left out.", examples=["3"]
    )
    uri: str | None = Field(
        default=None,
        pattern=r"^[a-z][a-z0-9+.-]*://",
        description="Address of data that is already in the cloud.",
        examples=["azureml://datastores/workspaceblobstore/paths/data/"],
    )
    mode: Literal["mount", "download"] = Field(
        default="mount",
        description="mount: read-only, nothing is copied before the script starts; download: a writable copy.",
        examples=["mount"],
    )
    description: str = Field(
        default="", description="What the data is; shown where datasets are listed.", examples=["TrashNet"]
    )

    @model_validator(mode="after")
    def _one_origin(self) -> "DatasetSpec":
        given = [key for key in ("path", "name", "uri") if getattr(self, key) is not None]
        if len(given) != 1:
            found = " and ".join(given) if given else "none of them"
            raise ValueError(f"give exactly one of path, name and uri (found: {found})")
        if self.version is not None and self.name is None:
            raise ValueError("version goes with name: it picks one version of a registered dataset")
        return self
