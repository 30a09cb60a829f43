"""What is wrong with a job for Azure, found without leaving this machine."""

from typing import TYPE_CHECKING

from trainferry_azureml.checks import job_findings
from trainferry_azureml.compute.choosing import name_findings
from trainferry_azureml.environment.choosing import environment_findings
from trainferry_azureml.findings import finding, place
from trainferry_azureml.submit.arguments import argument_findings
from trainferry_azureml.submit.naming import EXPERIMENT
from trainferry_azureml.submit.spreading import spreading_findings

if TYPE_CHECKING:
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job


def offline_findings(job: "Job") -> "list[Finding]":
    """Findings on names, environment, arguments and distribution."""
    return [
        *_experiment_findings(job),
        *name_findings(job),
        *environment_findings(job),
        *argument_findings(job),
        *spreading_findings(job),
        *job_findings(job),
    ]


def _experiment_findings(job: "Job") -> "list[Finding]":
    name = job.experiment_name
    if EXPERIMENT.fullmatch(name):
        return []
    text = f"'{name}' can't name an experiment on Azure"
    remedy = "letters, digits, hyphens and underscores, a letter or digit first: set experiment in the job file"
    return [finding("experiment-name", "error", text, remedy, place(job, "experiment") or place(job, "name"))]
