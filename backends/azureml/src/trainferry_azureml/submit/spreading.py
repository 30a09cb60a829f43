"""How a job's processes are spread over nodes on Azure, and what can't be had there."""

from typing import TYPE_CHECKING

from trainferry_azureml.findings import finding, place

if TYPE_CHECKING:
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job


def spreading_findings(job: "Job") -> "list[Finding]":
    """Errors for a distribution that Azure ML doesn't have."""
    spread = job.distribution
    if spread is None or spread.kind != "tensorflow" or spread.processes_per_node == 1:
        return []
    text = (
        f"Azure ML starts one TensorFlow worker on each node; processes_per_node is {spread.processes_per_node}. "
        "TensorFlow uses all GPUs of a node from one process"
    )
    remedy = "remove processes_per_node, or take kind: mpi"
    return [finding("distribution-workers", "error", text, remedy, place(job, "distribution", "processes_per_node"))]
