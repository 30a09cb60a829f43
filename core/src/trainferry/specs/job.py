"""The job spec: what the user wants run, independent of where."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, PrivateAttr, field_validator, model_validator

from trainferry.errors import Location
from trainferry.specs.base import Spec
from trainferry.specs.compute import ComputeSpec, Distribution
from trainferry.specs.dataset import DatasetSpec
from trainferry.specs.environment import EnvironmentSpec
from trainferry.specs.rehearsal import RehearsalSpec
from trainferry.specs.text import Duration, Text

if TYPE_CHECKING:
    from trainferry.specs.finding import Finding

PLACEHOLDER = re.compile(r"\$\{\{\s*([^{}]*?)\s*\}\}")
"""`${{ datasets.NAME }}`; group 1 is what stands between the braces, without the space around it."""

_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$"
_DATASET_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a job came from; no part of what the job is, so two jobs with other origins may be equal."""

    folder: Path = field(default_factory=Path.cwd, compare=False)
    """Folder that the job's relative paths start at."""
    file: str | None = field(default=None, compare=False)
    marks: Mapping[tuple[str | int, ...], Location] = field(default_factory=dict, compare=False)
    """Place of each key and list item of the job file, by its path."""
    findings: "tuple[Finding, ...]" = field(default=(), compare=False)
    """Warnings met while reading the file."""

    def within(self, backend: str) -> "Origin":
        """The origin of the job as it holds on one backend: a place in the backend's own part wins over the rest."""
        own = {path[2:]: where for path, where in self.marks.items() if path[:2] == ("backends", backend)}
        own.pop((), None)
        lists = {path[:-1] for path in own if isinstance(path[-1], int)}
        rest = {path: where for path, where in self.marks.items() if path[:-1] not in lists}
        return replace(self, marks={**rest, **own})


class Job(Spec):
    """What the user wants run: a script, its arguments, datasets, environment and compute. It names no backend."""

    name: str = Field(pattern=_NAME, description="Name of the job; run ids start with it.", examples=["recycling"])
    experiment: str | None = Field(
        default=None,
        min_length=1,
        description="Name that runs are grouped under; the job's name if left out.",
        examples=["recycling"],
    )
    description: str = Field(default="", description="What the job is for.", examples=["Sort rubbish by photograph"])
    source: str = Field(
        default=".",
        min_length=1,
        description="Folder that travels with the job, relative to the job file.",
        examples=["."],
    )
    script: str = Field(min_length=1, description="Python file to run, relative to source.", examples=["train.py"])
    arguments: tuple[Text, ...] = Field(
        default=(),
        description="Arguments, one list item each, passed exactly as written; ${{ datasets.NAME }}, alone or within a"
        " longer argument, becomes the path, as the script finds it from the folder that it starts in.",
        examples=[["--data-path", "${{ datasets.waste_images }}", "--epochs", "10"]],
    )
    datasets: dict[str, DatasetSpec] = Field(
        default_factory=dict,
        json_schema_extra={"propertyNames": {"pattern": f"^{_DATASET_NAME.pattern}$"}},
        description="Inputs by name.",
        examples=[{"waste_images": {"path": "data"}}],
    )
    environment: EnvironmentSpec = Field(
        default_factory=EnvironmentSpec.of_this_interpreter,
        description="What the script runs with: a table, or the one word current.",
        examples=[{"python": "3.11", "pip": ["tensorflow==2.21.0"]}],
    )
    compute: ComputeSpec = Field(
        default_factory=ComputeSpec, description="What it runs on.", examples=[{"name": "gpu-cluster", "max_nodes": 10}]
    )
    distribution: Distribution | None = Field(
        default=None,
        description="How it is spread over processes; one process if left out.",
        examples=[{"kind": "tensorflow", "nodes": 2}],
    )
    metrics: str | None = Field(
        default=None,
        min_length=1,
        description="CSV or JSON-lines file that the script writes, relative to its working folder.",
        examples=["outputs/history.csv"],
    )
    timeout: Duration | None = Field(
        default=None, description="Longest the script may run (seconds, or like 2h).", examples=["2h"]
    )
    rehearse: RehearsalSpec = Field(
        default_factory=RehearsalSpec,
        description="How it is rehearsed on this machine before a submit.",
        examples=[{"arguments": ["--epochs", "1"], "samples_per_class": 8}],
    )
    tags: dict[str, Text] = Field(default_factory=dict, description="Labels of the run.", examples=[{"team": "vision"}])
    backends: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Parts of the job that hold on one backend only, by its name.",
        examples=[{"azureml": {"compute": {"priority": "low"}}}],
    )

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @field_validator("arguments", mode="before")
    @classmethod
    def _no_single_text(cls, value: Any) -> Any:
        if isinstance(value, str):
            raise ValueError("arguments is a list: one item for each argument, so that no shell has to split them")
        return value

    @field_validator("datasets")
    @classmethod
    def _dataset_names(cls, value: dict[str, DatasetSpec]) -> dict[str, DatasetSpec]:
        for name in value:
            if not _DATASET_NAME.fullmatch(name):
                raise ValueError(f"'{name}' can't name a dataset; use letters, digits, _ and -, starting with a letter")
        return value

    @model_validator(mode="after")
    def _overlays_fit(self) -> "Job":
        for backend in self.backends:
            self.for_backend(backend)
        return self

    @property
    def folder(self) -> Path:
        """Folder that relative paths of the job start at: that of the job file, else the working folder."""
        return self._origin.folder

    @property
    def origin(self) -> Origin:
        """Where the job came from: folder, file, the place of each key, and warnings met while reading."""
        return self._origin

    @property
    def source_folder(self) -> Path:
        """The folder that travels, as an absolute path; it need not exist."""
        return (self.folder / self.source).absolute()

    @property
    def experiment_name(self) -> str:
        """Name that the job's runs are grouped under."""
        return self.experiment or self.name

    @property
    def nodes(self) -> int:
        """Nodes that the job takes (count)."""
        return self.distribution.nodes if self.distribution else 1

    def dataset_path(self, name: str) -> Path | None:
        """Absolute local path of a dataset; None for one that is in the cloud. KeyError if there is no such name."""
        path = self.datasets[name].path
        return None if path is None else (self.folder / path).absolute()

    def with_origin(self, origin: Origin) -> "Job":
        """The same job, said to come from `origin`."""
        job = self.model_copy()
        job._origin = origin  # noqa: SLF001  (of its own class)
        return job

    def for_backend(self, backend: str) -> "Job":
        """The job as it holds on one backend: its part of `backends` laid over the rest, and `backends` gone.

        Raises pydantic's ValidationError if the part doesn't fit; tables are merged, anything else is replaced.
        """
        part = self.backends.get(backend, {})
        if "backends" in part:
            raise ValueError(f"backends.{backend} can't hold backends again")
        return self.laid_over(part).with_origin(self._origin.within(backend))

    def laid_over(self, part: Mapping[str, Any], context: dict[str, str] | None = None) -> "Job":
        """The job with `part` laid over it, without `backends`; ValidationError if the part doesn't fit.

        Tables are merged, anything else is replaced, and what excludes another thing takes its place: a dataset's `uri`
        that of its `path`, an environment's packages that of `current`. `context` is pydantic's.
        """
        data = self.model_dump(mode="json", exclude_unset=True, exclude={"backends"})
        _make_room(data, part)
        return Job.model_validate(merge(data, part), context=context).with_origin(self._origin)

    def resolve_arguments(self, paths: Mapping[str, str]) -> list[str]:
        """The arguments with `paths[NAME]` in place of `${{ datasets.NAME }}`; KeyError for a name not in `paths`.

        Each path has to lead to the dataset from the folder that the script starts in: absolute, or relative to that.
        """

        def path_of(match: re.Match[str]) -> str:
            return paths[match.group(1).removeprefix("datasets.")]

        return [PLACEHOLDER.sub(path_of, argument) for argument in self.arguments]

    @classmethod
    def load(cls, path: str | Path) -> "Job":
        """Read a job file. Raises JobFileError naming file, line and column of every problem."""
        from trainferry.loading.jobfile import load_job  # noqa: PLC0415  (PyYAML is needed only here)

        return load_job(Path(path))

    def dumps(self) -> str:
        """The job as YAML text that `load` reads back as an equal job."""
        from trainferry.loading.jobfile import dump_job  # noqa: PLC0415

        return dump_job(self)


def _make_room(data: dict[str, Any], part: Mapping[str, Any]) -> None:
    """Take out of a job's data what can't stand beside the part that is laid over it."""
    environment, own = data.get("environment"), part.get("environment")
    if isinstance(environment, dict) and isinstance(own, Mapping) and own.keys() - {"variables", "name"}:
        environment.pop("current", None)
    datasets = part.get("datasets")
    for name, own in datasets.items() if isinstance(datasets, Mapping) else ():
        dataset = data.get("datasets", {}).get(name)
        if dataset and isinstance(own, Mapping) and own.keys() & {"path", "name", "uri"}:
            for key in ("path", "name", "uri", "version"):
                dataset.pop(key, None)


def merge(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `overlay` laid over it: tables are merged key by key, anything else is replaced whole."""
    result = dict(base)
    for key, value in overlay.items():
        old = result.get(key)
        result[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result
