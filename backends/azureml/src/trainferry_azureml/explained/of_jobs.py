"""What the findings of the Azure ML backend mean: those about the rest of a job."""

from collections.abc import Mapping

from trainferry.checks.rules import Rule
from trainferry.specs.finding import Severity

E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE

RULES: Mapping[str, Rule] = {
    "address-as-path": Rule(
        E,
        "A path is an address",
        "path names a folder of this machine; an address belongs under uri.",
        "Write uri: azureml://datastores/NAME/paths/FOLDER, or name: for a registered dataset.",
        example="datasets: {images: {path: https://acct.blob.core.windows.net/c/flowers}}",
    ),
    "address-form": Rule(
        W,
        "An address is not in a form that the service mounts",
        "It would be found out when the node prepares the job.",
        "Write azureml://datastores/NAME/paths/FOLDER.",
        example="uri: azureml://datastore/x/path/y",
    ),
    "argument-reads-as-dataset": Rule(
        E,
        "Azure ML would take an argument for a dataset",
        "The SDK replaces texts of its own form, so that the script would get something else.",
        "Write it otherwise, such as --option=VALUE in one item.",
        example='arguments: ["DatasetConsumptionConfig:x"]',
    ),
    "dataset-unusable": Rule(
        E,
        "A dataset can't be used",
        "The node could not mount it.",
        "Do what the message says.",
        example="datasets: {images: {name: no-such-dataset}}",
    ),
    "distribution-workers": Rule(
        E,
        "TensorFlow with several processes on a node",
        "TensorFlow uses all GPUs of a node from one process.",
        "Remove processes_per_node, or take kind: mpi.",
        example="distribution: {kind: tensorflow, processes_per_node: 4}",
    ),
    "experiment-name": Rule(
        E,
        "A name that Azure refuses for an experiment",
        "It would be refused at the submit.",
        "Letters, digits, hyphens and underscores, at most 255; a letter or digit first.",
        example="experiment: feature/run 1",
    ),
    "snapshot-too-large": Rule(
        E,
        "The source folder is too heavy",
        "Azure ML takes 300 MiB at most.",
        "Make data a dataset of the job, or leave files out with .ferryignore.",
        example="a virtual environment inside of source",
    ),
    "snapshot-too-many-files": Rule(
        E,
        "The source folder holds too many files",
        "Azure ML takes 2000 at most.",
        "Make data a dataset of the job, or leave files out with .ferryignore.",
        example="images inside of source",
    ),
    "tags-limit": Rule(
        E,
        "Too many tags, or too long ones",
        "The submit would be refused.",
        "Put what is long into a file of the source folder.",
        example='tags: {note: "more than a thousand characters"}',
    ),
}
