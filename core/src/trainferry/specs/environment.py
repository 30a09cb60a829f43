"""The environment spec: the Python, packages, image and variables that the script runs with."""

import hashlib
import json

from pydantic import Field, StrictBool, field_validator, model_validator

from trainferry.specs.base import Spec
from trainferry.specs.text import Text

_PYTHON = r"^3\.\d+(\.\d+)?$"


class EnvironmentSpec(Spec):
    """The Python, packages, image and variables a script runs with; its identity is its content, not its name.

    Written as the one word `current`, the script runs with the interpreter that runs Trainferry.
    """

    current: StrictBool = Field(
        default=False, description="Use the interpreter that runs Trainferry; build nothing.", examples=[False]
    )
    name: str | None = Field(
        default=None,
        min_length=1,
        description="Name it is registered under where the backend registers.",
        examples=["waste-env"],
    )
    python: Text | None = Field(
        default=None,
        pattern=_PYTHON,
        json_schema_extra={"anyOf": [{"type": "string", "pattern": _PYTHON}, {"type": "number"}, {"type": "null"}]},
        description="Python version, in quotes so that YAML doesn't read a number; that of this machine if left out.",
        examples=["3.11"],
    )
    pip: tuple[str, ...] = Field(
        default=(),
        json_schema_extra={"items": {"type": "string", "pattern": r"^\s*[^\s-].*$"}},
        description="Packages in pip's requirement syntax.",
        examples=[["tensorflow==2.21.0", "pillow"]],
    )
    conda: tuple[str, ...] = Field(
        default=(), description="Conda packages, where the backend has conda.", examples=[["scipy"]]
    )
    channels: tuple[str, ...] = Field(default=(), description="Conda channels, first wins.", examples=[["conda-forge"]])
    image: str | None = Field(
        default=None,
        min_length=1,
        description="Base container image, where the backend has containers.",
        examples=["mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"],
    )
    dockerfile: str | None = Field(
        default=None,
        min_length=1,
        description="Dockerfile to build the image from, relative to the job file.",
        examples=["Dockerfile"],
    )
    curated: str | None = Field(
        default=None,
        min_length=1,
        description="A ready-made environment of the backend, by its name.",
        examples=["AzureML-tensorflow"],
    )
    variables: dict[str, Text] = Field(
        default_factory=dict,
        json_schema_extra={"propertyNames": {"pattern": r"^[^=\x00]+$"}},
        description="Environment variables of the script.",
        examples=[{"TF_CPP_MIN_LOG_LEVEL": "2"}],
    )

    @model_validator(mode="before")
    @classmethod
    def _one_word(cls, value: object) -> object:
        if isinstance(value, str):
            if value != "current":
                raise ValueError(f"'{value}' is not an environment; write current, or a table with python and pip")
            return {"current": True}
        return value

    @field_validator("pip")
    @classmethod
    def _one_requirement_each(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for item in value:
            if not item.strip() or "\n" in item:
                raise ValueError(f"{item!r} is not one package; write one requirement per list item")
            if item.startswith("-"):
                raise ValueError(f"'{item}' is an option of pip, not a package; list the packages themselves")
        return value

    @field_validator("variables")
    @classmethod
    def _names_of_variables(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if not name or "=" in name or "\0" in name:
                raise ValueError(f"{name!r} can't name a variable; write NAME: value, with no = in the name")
        return value

    @model_validator(mode="after")
    def _current_stands_alone(self) -> "EnvironmentSpec":
        if self.current and (self.pip or self.conda or self.image or self.dockerfile or self.curated or self.python):
            raise ValueError("current means this interpreter as it is: it goes with variables only")
        return self

    @classmethod
    def of_this_interpreter(cls) -> "EnvironmentSpec":
        """The environment that the one word `current` stands for."""
        return cls.model_validate("current")

    @property
    def fingerprint(self) -> str:
        """64 hex digits over all that decides what gets installed; the name and the variables do not count."""
        data = self.model_dump(mode="json", exclude={"name", "variables"})
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
