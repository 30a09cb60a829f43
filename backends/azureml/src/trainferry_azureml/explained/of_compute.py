"""What the findings of the Azure ML backend mean: those about clusters and sizes."""

from collections.abc import Mapping

from trainferry.checks.rules import Rule
from trainferry.specs.finding import Severity

E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE

RULES: Mapping[str, Rule] = {
    "compute-always-on": Rule(
        W,
        "The cluster keeps nodes running",
        "They are paid for, day and night, until the cluster is removed.",
        "Write min_nodes: 0.",
        example="compute: {min_nodes: 1}",
    ),
    "compute-differs": Rule(
        N,
        "The cluster is there already, and is not quite what the job says",
        "It stays as it is, and the job runs on it.",
        "Nothing to do, or name another cluster.",
        example="compute: {max_nodes: 10}, and the cluster grows to 4",
    ),
    "compute-failed": Rule(
        E,
        "The cluster could not be made",
        "Nothing runs on it.",
        "Remove it with 'ferry down JOB', then run again.",
        example="compute: {name: gpu-cluster}",
    ),
    "compute-kind": Rule(
        E,
        "The name belongs to something that is no cluster",
        "Only a cluster gets nodes when a job comes.",
        "Choose another name.",
        example="compute: {name: my-laptop-vm}",
    ),
    "compute-name": Rule(
        E,
        "A name that Azure refuses for a cluster",
        "It would be refused at the submit.",
        "3 to 32 letters, digits and hyphens; a letter first, no hyphen last.",
        example="compute: {name: gpu_cluster}",
    ),
    "compute-name-long": Rule(
        N,
        "A name that some parts of Azure find long",
        "The limit differs from one document to the other.",
        "Take a shorter one if Azure refuses it.",
        example="compute: {name: gpu-cluster-t4-westeurope}",
    ),
    "compute-no-quota": Rule(
        E,
        "The quota doesn't allow the cluster",
        "Azure refuses a cluster that could outgrow it.",
        "Ask for more quota in the portal, or take fewer max_nodes or another size.",
        example="compute: {size: Standard_NC24ads_A100_v4, max_nodes: 10}",
    ),
    "compute-not-offered": Rule(
        E,
        "The region doesn't offer the size",
        "The cluster can't be made there.",
        "Take one that the message names, or another region.",
        example="compute: {size: Standard_ND96asr_v4, region: westeurope}",
    ),
    "compute-ending": Rule(
        W,
        "Azure will withdraw the size",
        "From that day on no new node of it can be had.",
        "Take what replaces it before then.",
        example="compute: {size: Standard_NV12s_v3}",
    ),
    "compute-retired": Rule(
        E,
        "Azure has withdrawn the size",
        "No new node of it can be had.",
        "Take what replaces it.",
        example="compute: {size: Standard_NC6}",
    ),
    "compute-size": Rule(
        E,
        "There is no such size",
        "The cluster can't be made.",
        "Write it as Azure does, such as Standard_NC4as_T4_v3.",
        example="compute: {size: NC4as_T4_v3}",
    ),
    "compute-size-differs": Rule(
        E,
        "The cluster has nodes of another size",
        "The job would run on something else than it asks for.",
        "Take another compute.name, or the size that is there.",
        example="compute: {name: gpu-cluster, size: Standard_NC6s_v3}",
    ),
    "compute-too-small": Rule(
        E,
        "The cluster doesn't grow to what the job takes",
        "The job would wait for ever.",
        "Take another cluster, or fewer nodes.",
        example="distribution: {kind: mpi, nodes: 8} on a cluster of 4",
    ),
    "compute-unknown-quota": Rule(
        W,
        "Sizes and quota are out of sight",
        "This login may not read them; the submit may be refused.",
        "Ask for the right to read the subscription's usage.",
        example="a login with rights on the workspace only",
    ),
    "compute-unnamed": Rule(
        E,
        "The job names no cluster",
        "Azure ML runs it on one.",
        "Add compute: {name: gpu-cluster, size: Standard_NC4as_T4_v3}.",
        example="a job without compute",
    ),
    "compute-unsized": Rule(
        E,
        "The cluster is not there, and the job gives no size",
        "Nobody knows what to create.",
        "Add compute.size.",
        example="compute: {name: gpu-cluster}",
    ),
}
