"""What the findings of the Azure ML backend mean: those about environments and images."""

from collections.abc import Mapping

from trainferry.checks.rules import Rule
from trainferry.specs.finding import Severity

E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE

RULES: Mapping[str, Rule] = {
    "curated-gone": Rule(
        E,
        "A curated environment has been taken out",
        "The submit would be refused.",
        "Take a newer one, or give the packages.",
        example="environment: {curated: AzureML-tensorflow-2.12-cuda11}",
    ),
    "image-private": Rule(
        W,
        "The image lies in a registry that may want a login",
        "The build fails if the workspace may not pull it.",
        "Give the workspace's identity the role AcrPull, or take a public image.",
        example="environment: {image: mine.azurecr.io/train:1}",
    ),
    "mlflow-alone": Rule(
        W,
        "mlflow without azureml-mlflow",
        "It can't speak to the workspace, whose tracking address is azureml://: logging fails, and with it the run.",
        "Add azureml-mlflow to pip.",
        example="environment: {pip: [mlflow]}",
    ),
    "dockerfile-context": Rule(
        E,
        "The Dockerfile takes files from beside it",
        "Only the Dockerfile itself travels.",
        "Fetch them with RUN, or let them travel with the source folder.",
        example="COPY requirements.txt .",
    ),
    "dockerfile-unreadable": Rule(
        E,
        "The Dockerfile can't be read",
        "There is nothing to build.",
        "Correct its path, which is relative to the job file.",
        example="environment: {dockerfile: deploy/deploy/Dockerfile}",
    ),
    "environment-curated-mixed": Rule(
        E,
        "A curated environment stands beside something else",
        "It is taken as it is.",
        "Remove environment.curated, or what stands beside it.",
        example="environment: {curated: X, pip: [scipy]}",
    ),
    "environment-current": Rule(
        E,
        "A cluster can't use this machine's interpreter",
        "The job needs an environment that can be built there.",
        "Give it a python and pip packages.",
        example="environment: current",
    ),
    "environment-name": Rule(
        E,
        "A name that Azure refuses for an environment",
        "It would be refused at the submit.",
        "Letters, digits, hyphens, underscores and dots, at most 255.",
        example='environment: {name: "my env"}',
    ),
    "environment-no-curated": Rule(
        E,
        "The workspace has no such curated environment",
        "The submit would be refused.",
        "The portal lists them under Environments; or give the packages.",
        example="environment: {curated: AzureML-nothing}",
    ),
    "environment-reserved-name": Rule(
        E,
        "A name that Microsoft keeps for itself",
        "Names that start with AzureML or Microsoft are for curated environments.",
        "Take another name, or write curated.",
        example="environment: {name: AzureML-my-tf}",
    ),
    "environment-two-images": Rule(
        E,
        "An image and a Dockerfile",
        "A Dockerfile names its own base.",
        "Remove one of them.",
        example="environment: {image: x, dockerfile: Dockerfile}",
    ),
    "image-deprecated": Rule(
        W,
        "The base image is deprecated",
        "It gets no updates any more, and its build may fail any day.",
        "Write image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04.",
        example="image: mcr.microsoft.com/azureml/base:intelmpi2018.3-ubuntu16.04",
    ),
    "image-name": Rule(
        E,
        "That is no name of an image",
        "Nothing could be pulled.",
        "Write it as docker pull takes it.",
        example='image: "My Image:latest"',
    ),
    "image-tag": Rule(
        E,
        "A tag that is not in the form of the registry",
        "There is no such image.",
        "Write it with its version, such as 20240709.v1, or leave it out.",
        example="image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20240909.1",
    ),
}
