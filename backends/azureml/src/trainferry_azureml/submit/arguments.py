"""The arguments of a run: in order, exactly as written, with datasets in the places that the job names."""

from typing import TYPE_CHECKING

from trainferry.specs.job import PLACEHOLDER
from trainferry_azureml.findings import finding, place

if TYPE_CHECKING:
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job

_TOKENS = ("DatasetConsumptionConfig:", "DatasetOutputConfig:")
"""How a dataset is written among the arguments that Azure gets; a text that begins so would be taken for one."""


def whole_dataset(argument: str) -> str | None:
    """The dataset that an argument consists of; None if it holds anything else, or none."""
    match = PLACEHOLDER.fullmatch(argument)
    return match.group(1).removeprefix("datasets.") if match else None


def embedded_datasets(job: "Job") -> set[str]:
    """Datasets whose path is only a part of some argument, such as `--data=${{ datasets.x }}/train`."""
    return {
        match.group(1).removeprefix("datasets.")
        for argument in job.arguments
        if whole_dataset(argument) is None
        for match in PLACEHOLDER.finditer(argument)
    }


def place_on_node(dataset: str) -> str:
    """Where a dataset is put if its path has to be known before the run starts: below the script's working folder."""
    return f"trainferry-inputs/{dataset}"


def azure_arguments(job: "Job") -> list[str]:
    """The arguments as Azure gets them: a dataset that stands alone becomes Azure's own token for it."""
    places = {name: place_on_node(name) for name in embedded_datasets(job)}
    for name in places:
        path = job.dataset_path(name)
        if path is not None and path.is_file():
            places[name] += f"/{path.name}"
    result = []
    for argument in job.arguments:
        alone = whole_dataset(argument)
        if alone is not None:
            result.append(f"DatasetConsumptionConfig:{alone}")
        else:
            result.append(PLACEHOLDER.sub(lambda match: places[match.group(1).removeprefix("datasets.")], argument))
    return result


def argument_findings(job: "Job") -> "list[Finding]":
    """Arguments that Azure would take for something else than text."""
    return [
        finding(
            "argument-reads-as-dataset",
            "error",
            f"Azure ML takes the argument {argument!r} for a dataset of that name",
            "write it otherwise, such as --option=VALUE in one item",
            place(job, "arguments", number),
        )
        for number, argument in enumerate(job.arguments)
        if argument.startswith(_TOKENS)
    ]
